package main

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// once is the configuration read a single time, for the commands that do not serve.
type once struct {
	config      provision.Config
	snapshot    *provision.Snapshot
	diagnostics []provision.Diagnostic
	renderer    *provision.Renderer
	service     *service
	settings    *settings
}

// openOnce reads the settings and Asterisk's configuration.
func openOnce(ctx context.Context, config string, cl *call) (*once, error) {
	s, err := cl.settings(config)
	if err != nil {
		return nil, err
	}
	o := &once{service: &service{log: zerolog.Nop()}, settings: s} // what goes wrong is returned
	v := o.service
	v.read = func(c provision.Config) { o.config = c }
	if o.renderer, err = v.open(s, nil); err != nil {
		o.close()
		return nil, err
	}
	if o.snapshot, o.diagnostics, err = v.sync.Once(ctx); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *once) close() {
	if o.service.sync != nil {
		o.service.sync.Close()
	}
	_ = o.service.close() // it was only read from
}

// request is one that no phone made, to the address that -server says: at the port that is listened on, if it names none.
func (o *once) request(server string) provision.Request {
	q := provision.Request{Server: server, Now: time.Now(), Scheme: "http", Host: server, Prefix: o.settings.httpPrefix}
	listen, standard := o.settings.httpListen, 80
	if listen == "" {
		q.Scheme, listen, standard = "https", o.settings.httpsListen, 443
	}
	if host, _, err := net.SplitHostPort(server); err == nil {
		q.Server = host
		return q
	}
	q.Server = strings.Trim(server, "[]")
	_, listened, _ := net.SplitHostPort(listen)
	port, _ := net.LookupPort("tcp", listened) // 0 is any
	q.Host = net.JoinHostPort(q.Server, strconv.Itoa(port))
	if port == 0 || port == standard {
		q.Host = strings.TrimSuffix(q.Host, ":"+strconv.Itoa(port))
	}
	return q
}

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
		o.Dial = amisync.TLS{CA: s.amiCA, ServerName: s.amiName}.Dial
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

func configFlag(cl *call) *string {
	return cl.flags.String("config", "", "settings `file` (default "+defaultConfig+", if it is there)")
}

// serverFlag stands for what only a request can tell.
func serverFlag(cl *call) *string {
	return cl.flags.String("server", "127.0.0.1", "the `address` by which the phone reaches us, with a port or without, for ${SERVER} where the configuration has none, and ${PP_URL}")
}
