package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Limits on every connection.
const (
	headerTimeout = 10 * time.Second // a phone sends its request in one packet
	readTimeout   = 30 * time.Second // header and body; bodies are not read
	// writeTimeout is for chunk bytes, not for the file: response puts it off while they flow. It covers renderTimeout.
	writeTimeout    = 60 * time.Second
	idleTimeout     = 60 * time.Second // between a phone's requests: it boots with about five within seconds
	maxHeaderBytes  = 16 << 10         // ten times what phones send
	shutdownTimeout = 5 * time.Second  // for answers under way; Docker kills after 10 s
)

// otherFiles is how many open files Serve keeps free where nobody says how many are needed.
const otherFiles = 128

// Serve answers as Connections.Serve does, on connections that are bounded by themselves.
func Serve(ctx context.Context, l net.Listener, h http.Handler, logger zerolog.Logger) error {
	return NewConnections(otherFiles).Serve(ctx, l, h, logger)
}

// Serve answers on l with h until ctx ends; then it takes no new request, waits shutdownTimeout for the answers under way,
// and cuts off those that are left, which it logs: a slow phone is no reason for a failure. It always closes l.
//
// Requests that net/http refuses and handshakes that fail have a line in the log too: where h is of Phones that of a request,
// which may be a stranger's.
func (cs *Connections) Serve(ctx context.Context, l net.Listener, h http.Handler, logger zerolog.Logger) error {
	logs, ok := h.(*logging)
	if !ok {
		logs = &logging{Handler: h, api: newAPI(Options{Log: logger}), level: zerolog.InfoLevel}
	}
	defer logs.end()
	server := &http.Server{
		Handler: watching(h),
		// OPTIONS * is answered like any other request, and logged.
		DisableGeneralOptionsHandler: true,

		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(logger.With().Str(zerolog.LevelFieldName, "warn").Logger(), "", 0),
	}
	cs.bound(server)
	follow(server)
	served := net.Listener(joining{Listener: l, bounds: cs, buffers: new(sync.Pool)})
	if s, ok := l.(secure); ok {
		served = tls.NewListener(joining{Listener: s.Listener, bounds: cs, buffers: new(sync.Pool), tls: true}, s.config)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(watched{served, logs.unserved}) }()
	select {
	case err := <-failed:
		return errors.Join(err, server.Close())
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	// Beside Shutdown, which itself can wait for a TLS connection whose other end reads nothing.
	cut := make(chan int, 1)
	defer context.AfterFunc(late, func() { cut <- cs.endAll(server) })()
	err := server.Shutdown(late)
	if errors.Is(err, context.DeadlineExceeded) {
		logger.Warn().Int("answers", <-cut).Stringer("after", shutdownTimeout).Msg("answers under way were cut off at the end of the service")
		err = server.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil // of a connection that was cut, or l
	}
	<-failed
	return err
}
