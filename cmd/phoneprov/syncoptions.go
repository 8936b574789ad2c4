package main

import (
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// syncOptions returns the options of amisync that the settings say.
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
	o.MaxLoss = s.maxLoss
	if s.stateDir != "" {
		o.Kept = &lastgood.Dir{Path: s.stateDir}
	}
	if s.amiTLS {
		o.Dial = ami.TLS{CA: s.amiCA, ServerName: s.amiName}.Dial
	}
	return o, nil
}

func (v *service) newRenderer(s *settings) *provision.Renderer {
	return provision.NewRenderer(v.rendererOptions(s))
}

func (v *service) rendererOptions(s *settings) provision.RendererOptions {
	o := provision.RendererOptions{Data: v.data, Zone: serverZone(), MoveTo: s.moveTo, Profiles: map[string]provision.ProfileOptions{}}
	o.SideBySide = max(1, s.functionConnections-1) // no phone takes all connections; a single function could not use more anyway
	for name, p := range s.profiles {
		o.Profiles[name] = provision.ProfileOptions{Escape: p.escape}
	}
	if s.amiAddress != "" {
		o.Ask, o.Knows = v.countedAsk(v.sync.Ask), v.sync.Knows
	}
	return o
}

// status translates the status of amisync for httpapi.
func (v *service) status() httpapi.Status {
	s := v.sync.Status()
	out := httpapi.Status{
		Connected: s.Connected, AsteriskVersion: s.AsteriskVersion, LastError: s.LastError, LastErrorAt: s.LastErrorAt,
		LastSync: s.LastSync.At, Held: s.Held, LogDropped: v.lines.Dropped(),
	}
	out.Warnings = append(out.Warnings, s.MissingRights...)
	if s.LastSync.Nobody != "" {
		out.Warnings = append(out.Warnings, s.LastSync.Nobody)
	}
	if s.NotKept != "" {
		out.Warnings = append(out.Warnings, "what is served cannot be kept in state.dir: "+s.NotKept)
	}
	if s.Held != nil {
		out.Warnings = append(out.Warnings, s.Held.Reason)
	}
	out.Source = s.Source
	out.Lost = httpapi.Lost{At: s.Lost.At, Count: s.Lost.Count, Phones: s.Lost.Phones}
	for _, p := range s.Peers {
		out.Peers = append(out.Peers, httpapi.Peers{Kind: string(p.Kind), State: string(p.State), Count: p.Count})
	}
	return out
}
