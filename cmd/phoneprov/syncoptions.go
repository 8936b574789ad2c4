package main

import (
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// syncOptions are those of the settings.
func syncOptions(s *settings, store *provision.Store, log zerolog.Logger) (amisync.Options, error) {
	if err := s.check(); err != nil {
		return amisync.Options{}, err
	}
	o := amisync.Options{
		Address:   s.amiAddress,
		Username:  s.amiUsername,
		Secret:    s.amiSecret,
		Source:    s.source,
		ConfigDir: s.configDir,
		Resync:    s.resync,
		Store:     store,
		Zone:      serverZone(),
		Log:       log,

		Connections: s.functionConnections,
		FunctionTTL: s.functionTTL,
	}
	if s.amiTLS {
		o.Dial = ami.TLS{CA: s.amiCA, ServerName: s.amiName}.Dial
	}
	return o, nil
}

func newRenderer(s *settings, sync *amisync.Service, data *datadir.Dir) *provision.Renderer {
	o := provision.RendererOptions{Data: data, Zone: serverZone(), Profiles: map[string]provision.ProfileOptions{}}
	o.SideBySide = max(1, s.functionConnections-1) // no phone takes them all; more of one function would have to wait anyway
	for name, p := range s.profiles {
		o.Profiles[name] = provision.ProfileOptions{Escape: p.escape}
	}
	if s.amiAddress != "" {
		o.Ask, o.Knows = sync.Ask, sync.Knows
	}
	return provision.NewRenderer(o)
}

// status is amisync's, in the words of httpapi.
func (v *service) status() httpapi.Status {
	s := v.sync.Status()
	out := httpapi.Status{Connected: s.Connected, LastError: s.LastError, LastSync: s.LastSync.At, LogDropped: v.lines.Dropped()}
	out.Warnings = append(out.Warnings, s.MissingRights...)
	if s.LastSync.Nobody != "" {
		out.Warnings = append(out.Warnings, s.LastSync.Nobody)
	}
	out.Lost = httpapi.Lost{At: s.Lost.At, Count: s.Lost.Count, Phones: s.Lost.Phones}
	for _, p := range s.Peers {
		out.Peers = append(out.Peers, httpapi.Peers{Kind: string(p.Kind), State: string(p.State), Count: p.Count})
	}
	return out
}
