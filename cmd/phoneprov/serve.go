package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// fewConnections is too few for a site whose phones all boot after a power cut, because some keep theirs open.
const fewConnections = 256

func setupServe(cl *call) func(context.Context) error {
	config := configFlag(cl)
	return func(ctx context.Context) error {
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		stderr := cl.outliveReaders()
		// Before the listeners are bound: from here on, a signal ends the service and not the process.
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		defer context.AfterFunc(ctx, stop)() // a second signal ends the process at once
		resync, stopHangup := onHangup(ctx)
		defer stopHangup()
		v, err := newService(s, stderr)
		if err != nil {
			return err
		}
		if v.systemd, err = newSystemd(cl.getenv); err != nil {
			v.log.Warn().Err(err).Msg("systemd is not told how the service is")
		}
		v.limitMemory(newMemory(cl.getenv), s, cl.getenv)
		v.log.Info().Str("http", addrOf(v.phones)).Str("https", addrOf(v.https)).Str("admin", addrOf(v.admin)).Int("connections", v.conns.Most()).Str("version", version()).Msg("serving")
		if most := v.conns.Most(); most < fewConnections {
			v.log.Warn().Int("connections", most).Msg("the limit of open files (ulimit -n, LimitNOFILE) leaves room for few connections: phones that boot together may have to try again")
		}
		return v.run(ctx, resync)
	}
}

// hangup is the trigger of the syncs that SIGHUP causes.
const hangup = "SIGHUP"

// onHangup sends a value for every SIGHUP. Several that come while one is waiting are one.
func onHangup(ctx context.Context) (<-chan string, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	reasons := make(chan string)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		for {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
			select {
			case reasons <- hangup:
			case <-ctx.Done():
				return
			}
		}
	}()
	return reasons, func() {
		signal.Stop(signals)
		cancel()
		<-done
	}
}

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}
