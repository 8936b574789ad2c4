package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// oneShot is the configuration, read a single time, for the commands that do not serve.
type oneShot struct {
	snapshot    *provision.Snapshot
	diagnostics []provision.Diagnostic
	renderer    *provision.Renderer
	service     *service
	settings    *settings
}

// openOneShot reads the settings and Asterisk's configuration.
func openOneShot(ctx context.Context, config string, cl *call) (*oneShot, error) {
	s, err := cl.settings(config)
	if err != nil {
		return nil, err
	}
	o, err := openOneShotOf(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, p := range o.service.pbxs {
		if p.failed != nil {
			fmt.Fprintf(cl.stderr, "phoneprov: %s cannot be read, and its phones are left out: %v\n", p.label, p.failed)
		}
	}
	return o, nil
}

// openOneShotOf reads the configuration of each Asterisk of the settings. The error is not nil if none can be read.
func openOneShotOf(ctx context.Context, s *settings) (_ *oneShot, err error) {
	o := &oneShot{service: &service{log: zerolog.Nop()}, settings: s} // without a log, because errors are returned
	v := o.service
	if o.renderer, err = v.open(s, nil); err != nil {
		o.close()
		return nil, err
	}
	if o.snapshot, o.diagnostics, err = v.once(ctx); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// config returns the configuration of the first Asterisk: the only one of openOneShotOf and settings.only.
func (o *oneShot) config() provision.Config { return o.service.pbxs[0].config }

func (o *oneShot) close() {
	for _, p := range o.service.pbxs {
		if p.sync != nil {
			p.sync.Close()
		}
	}
	_ = o.service.close() // it was only read from
}

// request returns a request that no phone sent. server is the value of -server; without a port, the port is the one
// that phoneprov listens on.
func (o *oneShot) request(server string) provision.Request {
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
	port, _ := net.LookupPort("tcp", listened) // port 0 stands for any port
	q.Host = net.JoinHostPort(q.Server, strconv.Itoa(port))
	if port == 0 || port == standard {
		q.Host = strings.TrimSuffix(q.Host, ":"+strconv.Itoa(port))
	}
	return q
}
