package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func setupServe(cl *call) func(context.Context) error {
	config := configFlag(cl)
	return func(ctx context.Context) error {
		s, err := loadSettings(*config, cl.getenv)
		if err != nil {
			return err
		}
		stderr := cl.outliveReaders()
		// Before the listeners: from then on a signal is not the end of the process but of the service.
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		defer context.AfterFunc(ctx, stop)() // a second signal does not wait
		resync, stopHangup := onHangup(ctx)
		defer stopHangup()
		v, err := newService(s, stderr)
		if err != nil {
			return err
		}
		v.heap = newHeap(cl.getenv)
		v.log.Info().Str("http", addrOf(v.phones)).Str("https", addrOf(v.https)).Str("admin", addrOf(v.admin)).Str("version", version()).Msg("serving")
		return v.run(ctx, resync)
	}
}

// onHangup makes every SIGHUP a reason to read everything again; what comes while one waits is the same one.
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
			case reasons <- "SIGHUP":
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
