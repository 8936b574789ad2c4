package httpapi

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxLogged is how many bytes of a name or User-Agent the log takes: enough for every phone, too few to fill a disk.
const maxLogged = 256

// entry is what a handler tells the log of its request.
type entry struct {
	file        string // that was asked for, decoded
	phone       *provision.Phone
	diagnostics []provision.Diagnostic
	err         error
	panicked    bool
}

// logRequest writes the line of a request. What the client sent goes in as values, which zerolog escapes.
func (a *api) logRequest(level zerolog.Level, r *http.Request, res *response, e *entry, took time.Duration) {
	switch {
	case e.panicked:
		level = zerolog.ErrorLevel
	case res.status >= http.StatusInternalServerError:
		level = zerolog.WarnLevel
	}
	line := a.Log.WithLevel(level)
	if e.phone != nil {
		line.Str("mac", e.phone.ID).Str("phone", e.phone.Name())
	}
	line.Str("method", short(r.Method)).Str("file", short(e.fileOr(r))).
		Int("status", res.status).Int64("bytes", res.bytes).Dur("duration_ms", took).
		Str("remote", remoteAddress(r)).Str("user_agent", short(r.UserAgent()))
	if r.TLS != nil {
		line.Str("tls", strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS "))
	}
	if e.err != nil {
		line.AnErr("error", e.err)
	}
	line.Msg("request")
	for _, d := range e.diagnostics {
		a.Log.Debug().Str("file", short(e.file)).Stringer("diagnostic", d).Msg("rendered")
	}
}

func (e *entry) fileOr(r *http.Request) string {
	if e.file != "" {
		return e.file
	}
	return r.URL.Path
}

func remoteAddress(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

func short(s string) string {
	if len(s) > maxLogged {
		return s[:maxLogged] + "…"
	}
	return s
}
