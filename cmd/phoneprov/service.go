package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/tlsconf"
	"github.com/phoneprov/phoneprov/provision"
)

// restShutdown is how long the synchronisation and the files may take to end after the answers have: it ends as soon as its
// current read does. With the answers' own bound and the log's it is less than the 10 s after which Docker kills.
const restShutdown = 3 * time.Second

// service is what serve and demo run: the listeners, what they serve, and what keeps that current.
type service struct {
	log     zerolog.Logger
	lines   *logQueued // of log; nil: there is none
	sync    *amisync.Service
	heap    *heap // nil: as the runtime has it
	data    *provision.DataDir
	phones  net.Listener    // nil: none
	https   net.Listener    // nil: none; for phones too
	tls     *tlsconf.Server // nil without https
	admin   net.Listener    // nil: none
	options httpapi.Options
}

// newService binds the listeners and opens what can fail; nothing runs yet.
func newService(s *settings, stderr io.Writer) (_ *service, err error) {
	v := &service{lines: newLog(s, stderr)}
	v.log = v.lines.logger
	defer func() {
		if err != nil {
			err = errors.Join(err, v.close())
			v.lines.close()
		}
	}()
	if err = s.check(); err != nil {
		return nil, err
	}
	if s.httpListen != "" {
		if v.phones, err = net.Listen("tcp", s.httpListen); err != nil {
			return nil, fmt.Errorf("http.listen: %w", err)
		}
	}
	if s.httpsListen != "" {
		if err = v.listenTLS(s); err != nil {
			return nil, err
		}
	} else if s.clientCA != "" { // a proxy does the TLS
		if err = v.openTLS(s); err != nil {
			return nil, err
		}
	}
	if s.adminListen != "" {
		if v.admin, err = net.Listen("tcp", s.adminListen); err != nil {
			return nil, fmt.Errorf("admin.listen: %w", err)
		}
	}
	store := new(provision.Store)
	renderer, err := v.open(s, store)
	if err != nil {
		return nil, err
	}
	v.options = httpapi.Options{
		Prefix:   s.httpPrefix,
		Store:    store,
		Renderer: renderer,
		Status:   v.status,
		Log:      v.log,
	}
	if v.options.Access, err = v.access(s); err != nil {
		return nil, err
	}
	if v.options.Uploads, err = openUploads(s); err != nil {
		return nil, err
	}
	return v, nil
}

// openTLS reads the certificates.
func (v *service) openTLS(s *settings) (err error) {
	v.tls, err = tlsconf.New(tlsconf.Options{
		Cert: s.httpsCert, Key: s.httpsKey, Legacy: s.httpsLegacy,
		ClientCA: s.clientCA, AcceptExpired: s.acceptExpired, Log: v.log,
	})
	if err != nil {
		return fmt.Errorf("https: %w", err)
	}
	return nil
}

// listenTLS reads the certificates and binds the address for HTTPS.
func (v *service) listenTLS(s *settings) (err error) {
	if err = v.openTLS(s); err != nil {
		return err
	}
	if v.https, err = tls.Listen("tcp", s.httpsListen, v.tls.Config()); err != nil {
		return fmt.Errorf("https.listen: %w", err)
	}
	return nil
}

// open makes the synchronisation and the renderer.
func (v *service) open(s *settings, store *provision.Store) (*provision.Renderer, error) {
	var err error
	if v.sync, err = newSync(s, store, v.log, v.counted); err != nil {
		return nil, err
	}
	if v.data, err = provision.OpenData(s.dataDir, s.configDir); err != nil {
		return nil, fmt.Errorf("asterisk.data_dir: %w", err)
	}
	return newRenderer(s, v.sync, v.data), nil
}

func (v *service) counted(c provision.Counts) { v.heap.synced(c) }

// run serves until ctx ends or one of its parts fails, then ends them in order: HTTP, the synchronisation, and with it
// the connections to Asterisk, then the log. A value on resync makes everything be read again. What is still under way when
// its time is over is left alone: that is a line of the log and no error, as the service was told to end.
func (v *service) run(ctx context.Context, resync <-chan string) (err error) {
	defer func() {
		v.log.Info().AnErr("error", err).Msg("stopped")
		v.lines.close()
	}()
	defer context.AfterFunc(ctx, v.lines.hurry)()
	httpCtx, stopHTTP := context.WithCancel(ctx)
	defer stopHTTP()
	syncCtx, stopSync := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSync()

	rest := make(chan error, 1)
	go func() {
		defer stopHTTP()
		rest <- v.sync.Run(syncCtx)
	}()
	served := make(chan error, 1)
	go func() { served <- v.serve(httpCtx, stopHTTP) }()

	for served != nil {
		select {
		case reason := <-resync:
			v.sync.Trigger(reason)
		case err = <-served:
			served = nil
		}
	}
	stopSync()
	closed := make(chan error, 1)
	go func() { closed <- errors.Join(<-rest, v.close()) }()
	select {
	case restErr := <-closed:
		return errors.Join(err, restErr)
	case <-time.After(restShutdown):
		v.log.Warn().Stringer("after", restShutdown).Msg("the synchronisation with Asterisk has not ended; it is left alone")
		return err
	}
}

// serve runs the HTTP servers until all have ended; when one fails the others are stopped.
func (v *service) serve(ctx context.Context, stop func()) error {
	phones := httpapi.Phones(v.options)
	servers := []struct {
		listener net.Listener
		handler  http.Handler
	}{{v.phones, phones}, {v.https, phones}, {v.admin, httpapi.Admin(v.options)}}
	var wg sync.WaitGroup
	errs := make([]error, len(servers))
	for i, s := range servers {
		if s.listener != nil {
			wg.Go(func() {
				defer stop()
				errs[i] = httpapi.Serve(ctx, s.listener, s.handler, v.log)
			})
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// close releases what newService took. The listeners may be closed already.
func (v *service) close() error {
	var errs []error
	for _, l := range []net.Listener{v.phones, v.https, v.admin} {
		if l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if v.data != nil {
		errs = append(errs, v.data.Close())
	}
	if store := v.options.Uploads.Store; store != nil {
		errs = append(errs, store.Close())
	}
	v.heap.end()
	return errors.Join(errs...)
}
