package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/sample"
	"github.com/phoneprov/phoneprov/provision"
)

// The addresses of the demo. Only this machine reaches them.
const (
	demoListen  = "127.0.0.1:8080"
	demoAdmin   = "127.0.0.1:8081"
	demoAnyPort = "127.0.0.1:0"
)

// demoReady bounds the first sync, of some twenty phones on this machine.
const demoReady = 30 * time.Second

func setupDemo(cl *call) func(context.Context) error {
	listen := cl.flags.String("listen", "", "`address` for HTTP (default "+demoListen+", or a free port where that is taken)")
	return func(ctx context.Context) (err error) {
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		defer context.AfterFunc(ctx, stop)() // a second Ctrl-C ends the process at once
		d := demo{call: cl, log: cl.outliveReaders()}
		cleanup, err := d.prepareDir()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, cleanup()) }()
		return d.run(ctx, *listen)
	}
}

// demo is the service with the sample configuration, and amiserver in place of Asterisk.
type demo struct {
	*call
	log     io.Writer
	dir     string
	temp    bool   // dir is temporary
	prefix  string // of the phones' URLs
	server  *amiserver.Server
	service *service
}

// prepareDir copies the sample to the directory of the command line, or to a temporary one, which cleanup removes.
func (d *demo) prepareDir() (cleanup func() error, err error) {
	cleanup = func() error { return nil }
	if len(d.args) > 0 {
		d.dir = d.args[0]
	} else {
		if d.dir, err = os.MkdirTemp("", "phoneprov-demo-"); err != nil {
			return nil, err
		}
		d.temp = true
		cleanup = func() error { return os.RemoveAll(d.dir) }
	}
	if d.dir, err = filepath.Abs(d.dir); err == nil {
		err = claimDemoDir(d.dir)
	}
	if err == nil {
		err = includeSimulatedIn(d.dir, sample.FS)
	}
	if err == nil {
		err = copyMissing(d.dir, sample.FS)
	}
	if err == nil {
		err = writeSimulated(d.dir, simulatedOldLabel)
	}
	if err != nil {
		return nil, errors.Join(err, cleanup())
	}
	return cleanup, nil
}

// run serves until ctx ends.
func (d *demo) run(ctx context.Context, listen string) error {
	l, err := net.Listen("tcp", demoAnyPort)
	if err != nil {
		return err
	}
	s, err := demoSettings(d.dir, l.Addr().String())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	simulation := newSimulation(d)
	d.prefix = s.httpPrefix
	d.server = amiserver.New(amiserver.Options{
		Username: s.amiUsername, Secret: s.amiSecret.Reveal(), Dir: s.configDir, Contacts: simulation.contacts, Notified: simulation.notified,
	})
	if d.service, err = demoService(s, listen, d.log); err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	asterisk := make(chan error, 1)
	go func() {
		defer stop()
		asterisk <- d.server.Serve(l)
	}()
	served := make(chan error, 1)
	go func() {
		defer stop()
		served <- d.service.run(ctx, nil)
	}()
	if err = d.waitReady(ctx); err == nil {
		d.explain(s)
		simulating := make(chan struct{})
		go func() {
			defer close(simulating)
			simulation.run(ctx)
		}()
		d.obey(ctx)
		stop()
		<-simulating
	}
	stop()
	err = errors.Join(err, <-served)
	d.server.Close()
	return errors.Join(err, <-asterisk)
}

// demoSettings returns the default settings, with everything in dir and on this machine.
func demoSettings(dir, ami string) (*settings, error) {
	s := new(settings)
	for _, d := range settingsTable() {
		if err := d.assign(s, d.value); err != nil {
			return nil, err
		}
	}
	s.configDir, s.dataDir = filepath.Join(dir, "asterisk"), filepath.Join(dir, "phoneprov")
	s.amiAddress, s.amiSecret = ami, provision.Secret(rand.Text())
	s.logFormat, s.stateDir = "console", filepath.Join(dir, "state")
	s.simulate()
	return s, nil
}

// demoService binds the requested address. If it is the default, and that or the page's is in use, it binds any others.
func demoService(s *settings, listen string, stderr io.Writer) (*service, error) {
	s.httpListen, s.adminListen = listen, demoAnyPort
	if listen == "" {
		s.httpListen, s.adminListen = demoListen, demoAdmin
	}
	v, err := newService(s, stderr)
	if errors.Is(err, syscall.EADDRINUSE) && listen == "" {
		s.httpListen, s.adminListen = demoAnyPort, demoAnyPort
		v, err = newService(s, stderr)
	}
	if err == nil {
		v.adminOptions.Demo = true
	}
	return v, err
}

// waitReady returns when there is something to serve, or ctx ends.
func (d *demo) waitReady(ctx context.Context) error {
	limit := time.NewTimer(demoReady)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for d.service.options.Store.Load() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-limit.C:
			return fmt.Errorf("nothing was read within %v: %s", demoReady, d.service.status().LastError)
		case <-tick.C:
		}
	}
	return nil
}

// obey runs the commands that an administrator would type into Asterisk's CLI, until ctx ends.
func (d *demo) obey(ctx context.Context) {
	lines := make(chan string)
	go func() { // it ends with the process, because nothing can interrupt reading from a terminal
		for scan := bufio.NewScanner(d.stdin); scan.Scan(); {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case line := <-lines:
			d.command(strings.Join(strings.Fields(line), " "))
		}
	}
}

func (d *demo) command(line string) {
	switch module, isModule := strings.CutPrefix(line, "module reload "); {
	case line == "":
	case line == "reload", line == "core reload":
		d.server.Reload("All")
	case line == "pjsip reload":
		d.server.Reload("res_pjsip.so")
	case isModule:
		d.server.Reload(module)
	default:
		fmt.Fprintln(d.stdout, `type "reload" (or as at the Asterisk CLI: core reload, module reload res_phoneprov.so, pjsip reload), or Ctrl-C to end`)
	}
}
