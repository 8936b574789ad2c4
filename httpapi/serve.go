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

// Limits of every connection.
const (
	headerTimeout = 10 * time.Second // a phone sends its request in one packet
	readTimeout   = 30 * time.Second // for header and body
	// writeTimeout is for chunk bytes, not for a whole file: responseWriter extends the deadline while bytes flow. It
	// covers provision.RenderTimeout.
	writeTimeout    = 60 * time.Second
	idleTimeout     = 60 * time.Second // between two requests: a phone that boots sends about five within seconds
	maxHeaderBytes  = 16 << 10         // ten times what phones send
	shutdownTimeout = 5 * time.Second  // for answers under way; Docker kills after 10 s
)

// Serve answers on l with h until ctx ends. Then it accepts no more requests, waits shutdownTimeout for the answers
// under way, cuts off the rest, and logs how many those were. A slow phone does not make Serve fail. Serve always
// closes l.
//
// Serve also logs requests that net/http refuses and handshakes that fail. If h comes from Phones, they count as
// requests of strangers.
func (cs *Connections) Serve(ctx context.Context, l net.Listener, h http.Handler, logger zerolog.Logger) error {
	logs, ok := h.(*logging)
	if !ok {
		logs = &logging{Handler: h, api: newAPI(Options{Log: logger}), level: zerolog.InfoLevel}
	}
	defer logs.end()
	server := &http.Server{
		Handler: tellBegin(h),
		// so that OPTIONS * is answered by h and logged like any other request
		DisableGeneralOptionsHandler: true,

		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(logger.With().Str(zerolog.LevelFieldName, "warn").Logger(), "", 0),
	}
	cs.limit(server)
	tellStates(server)
	served := net.Listener(phoneListener{Listener: l, bounds: cs, buffers: new(sync.Pool)})
	if s, ok := l.(tlsListener); ok {
		served = tls.NewListener(phoneListener{Listener: s.Listener, bounds: cs, buffers: new(sync.Pool), tls: true}, s.config)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(watchedListener{served, logs.unserved}) }()
	select {
	case err := <-failed:
		return errors.Join(err, server.Close())
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	// In parallel with Shutdown, because Shutdown waits for a TLS connection whose peer does not read.
	cut := make(chan int, 1)
	defer context.AfterFunc(late, func() { cut <- cs.endAll(server) })()
	err := server.Shutdown(late)
	if errors.Is(err, context.DeadlineExceeded) {
		logger.Warn().Int("answers", <-cut).Stringer("after", shutdownTimeout).Msg("answers under way were cut off at the end of the service")
		err = server.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil // of l, or of a connection that was cut off
	}
	<-failed
	return err
}
