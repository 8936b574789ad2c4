package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/httpapi/metrics"
	"github.com/phoneprov/phoneprov/httpapi/tlsconf"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// restShutdown bounds how long the sync and the files may take to end after the answers. A sync ends when its current
// read does. With the bounds of the answers and the log, that is less than the 10 s after which Docker kills.
const restShutdown = 3 * time.Second

// Open files that are reserved besides those of phones' connections.
const (
	otherFiles = 64 // of listeners, the log, templates and certificates, watched directories
	filesOfAMI = 3  // a connection to Asterisk, and both ends of amigo's connection to the bridge
)

// lookEvery is how long serve trusts its last look at a template's file. Nobody notices an edit 10 ms late, and a look
// takes a tenth of the time of a request for a cached file.
const lookEvery = 10 * time.Millisecond

// service is what serve and demo run: the listeners, what they serve, and what keeps that current.
type service struct {
	log      zerolog.Logger
	lines    *logQueued // the writer of log; nil: there is none
	pbxs     []*pbx     // the Asterisks, in the order of the settings
	heap     *heap      // nil: the Go runtime's defaults
	memory   memory
	phones   net.Listener    // nil: none
	https    net.Listener    // also for phones; nil: none
	tls      *tlsconf.Server // nil: no https
	admin    net.Listener    // nil: none
	doors    doors
	conns    *httpapi.Connections
	ledger   *ledger.Ledger
	notifier *notify.Notifier // nil: no Asterisk has a manager interface
	metrics  *metrics.Set
	options  httpapi.Options
	// renderer is the renderer of options without the measurement of time.
	renderer     httpapi.Renderer
	adminOptions admin.Options
	problems     admin.Tracker
	systemd      *systemd // nil: systemd did not start this process

	joining  sync.Mutex             // held while a sync changes what is served
	together []provision.Diagnostic // by the last join

	profiles        []string               // the names in the sections [profile NAME]
	unknownProfiles []provision.Diagnostic // that were logged last
}

// newService binds the listeners and opens everything that can fail. It starts nothing.
func newService(s *settings, stderr io.Writer) (_ *service, err error) {
	v := &service{lines: newLog(s, stderr), conns: httpapi.NewConnections(otherFiles + filesOfAMI*s.amiConnections() + s.filesOfDoors())}
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
	for _, found := range append(s.readableByOthers(), s.renamed...) {
		v.log.Warn().Msg(found)
	}
	if s.httpListen != "" {
		if v.phones, err = listen(s.httpListen); err != nil {
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
		if err = v.listenAdmin(s); err != nil {
			return nil, err
		}
	}
	store := new(provision.Store)
	renderer, err := v.open(s, store)
	if err != nil {
		return nil, err
	}
	if err = v.openLedger(s, store); err != nil {
		return nil, err
	}
	v.openNotifier(s, store)
	v.metrics = v.newMetrics()
	v.options = httpapi.Options{
		Recorder:   recorder{v},
		Findings:   httpapi.NewFindings(),
		Version:    version(),
		Prefix:     s.httpPrefix,
		Store:      store,
		Renderer:   timedRenderer{renderer, v},
		Hosts:      s.hosts,
		Browsers:   s.browsers,
		Status:     v.status,
		AdminHosts: s.adminHosts.With(s.adminListen), // the host that healthcheck asks
		Log:        v.log,
	}
	if v.options.Access, err = v.access(s); err != nil {
		return nil, err
	}
	if v.options.Uploads, err = openUploads(s); err != nil {
		return nil, err
	}
	v.renderer = renderer
	if err = v.openDoors(s); err != nil {
		return nil, err
	}
	if err = v.openAdmin(s); err != nil {
		return nil, err
	}
	return v, nil
}

// openTLS loads the certificates.
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

// listenTLS loads the certificates and binds the address of HTTPS.
func (v *service) listenTLS(s *settings) (err error) {
	if err = v.openTLS(s); err != nil {
		return err
	}
	l, err := listen(s.httpsListen)
	if err != nil {
		return fmt.Errorf("https.listen: %w", err)
	}
	v.https = httpapi.TLS(l, v.tls.Config())
	return nil
}

// open opens the Asterisks and the renderer. store gets what is served; nil: the service is for oneShot.
func (v *service) open(s *settings, store *provision.Store) (*provision.Renderer, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	v.profiles = slices.Sorted(maps.Keys(s.profiles))
	for _, a := range s.asterisks() {
		if err := v.openPBX(s, a, store); err != nil {
			return nil, err
		}
	}
	return v.rendererOf(func(p *pbx) provision.RendererOptions { return v.rendererOptions(s, p) }), nil
}

// counted is called after each sync of an Asterisk that changed its snapshot. The Asterisks take turns.
func (v *service) counted(p *pbx, c provision.Counts) {
	v.joining.Lock()
	if len(v.pbxs) > 1 {
		c = v.join()
	}
	v.heap.synced(c)
	v.memory.synced(v.log, c)
	v.checkProfiles()
	v.ledgerSynced(p)
	v.joining.Unlock()
	v.currentProblems() // records since when they exist
	v.systemd.serving(v.statusLine())
}

// checkProfiles logs sections [profile NAME] without a profile of that name in phoneprov.conf, when they change: their
// access settings apply to nobody.
func (v *service) checkProfiles() {
	unknown := provision.UnknownProfiles(v.options.Store.Load(), v.profiles)
	if slices.Equal(unknown, v.unknownProfiles) {
		return
	}
	v.unknownProfiles = unknown
	for _, d := range unknown {
		level := zerolog.WarnLevel
		if d.Severity == provision.Error {
			level = zerolog.ErrorLevel
		}
		v.log.WithLevel(level).Msg(d.Message)
	}
}

// limitMemory sets the memory limit, and logs what fits. It is called before run.
func (v *service) limitMemory(m memory, s *settings, getenv lookupEnv) {
	v.memory, v.heap = m, newHeap(getenv, m.most)
	if r, ok := v.renderer.(*provision.Renderer); ok {
		r = r.WithRoom(m.room())
		v.renderer, v.options.Renderer = r, timedRenderer{r, v}
	}
	var dirs []string
	for _, a := range s.asterisks() {
		dirs = withNew(dirs, a.configDir)
	}
	m.report(v.log, dirs...)
}

// run serves until ctx ends or one of its parts fails. Then it ends the parts in order: HTTP, the sync with its
// connections to Asterisk, and the log. A value on resync triggers a sync. A part that does not end in time is left
// alone and logged. That is not an error, because the service was told to end.
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
		var notifying sync.WaitGroup
		notifying.Go(func() { v.runNotifier(syncCtx) })
		errs := make([]error, len(v.pbxs))
		var syncing sync.WaitGroup
		for i, p := range v.pbxs {
			syncing.Go(func() { errs[i] = p.sync.Run(syncCtx) })
		}
		syncing.Wait()
		notifying.Wait()
		rest <- errors.Join(errs...)
	}()
	ledgerCtx, stopLedger := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLedger()
	kept := make(chan error, 1)
	go func() { kept <- v.runLedger(ledgerCtx) }()
	phones := httpapi.Phones(v.options)
	watched := v.watch(httpCtx, phones)
	served := make(chan error, 1)
	go func() { served <- v.serve(httpCtx, stopHTTP, phones) }()

	for served != nil {
		select {
		case reason := <-resync:
			v.systemd.reloading(len(v.pbxs))
			v.triggerAll(reason)
		case err = <-served:
			served = nil
		case <-httpCtx.Done():
			v.systemd.stopping()
			err, served = <-served, nil
		}
	}
	stopSync()
	stopLedger() // all requests are in it
	closed := make(chan error, 1)
	go func() { <-watched; closed <- errors.Join(<-rest, <-kept, v.close()) }()
	select {
	case restErr := <-closed:
		return errors.Join(err, restErr)
	case <-time.After(restShutdown):
		v.log.Warn().Stringer("after", restShutdown).Msg("the synchronisation with Asterisk has not ended; it is left alone")
		return err
	}
}

// serve runs the HTTP servers until all have ended. When one fails, it stops the others.
func (v *service) serve(ctx context.Context, stop func(), phones http.Handler) error {
	admins, err := v.adminHandler(ctx)
	if err != nil {
		return err
	}
	servers := []struct {
		listener net.Listener
		handler  http.Handler
	}{{v.phones, phones}, {v.https, phones}, {v.admin, admins}}
	var wg sync.WaitGroup
	doors := v.doors.serving(v)
	errs := make([]error, len(servers)+len(doors))
	for i, s := range servers {
		if s.listener != nil {
			wg.Go(func() {
				defer stop()
				errs[i] = v.conns.Serve(ctx, s.listener, s.handler, v.log)
			})
		}
	}
	for i, door := range doors {
		wg.Go(func() {
			defer stop()
			errs[len(servers)+i] = door(ctx)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// close releases what newService opened. The listeners may be closed already.
func (v *service) close() error {
	var errs []error
	for _, l := range []net.Listener{v.phones, v.https, v.admin} {
		if l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	errs = append(errs, v.doors.close())
	for _, p := range v.pbxs {
		if p.data != nil {
			errs = append(errs, p.data.Close())
		}
	}
	if store := v.options.Uploads.Store; store != nil {
		errs = append(errs, store.Close())
	}
	if v.ledger != nil {
		errs = append(errs, v.ledger.Close())
	}
	v.heap.end()
	return errors.Join(errs...)
}
