package httpapi

import (
	"crypto/tls"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// maxLogged is how many bytes of a name or User-Agent the log takes: enough for every phone, too few to fill a disk.
const maxLogged = 256

// entry is what a handler tells the log of its request.
type entry struct {
	client      client
	file        string           // that was asked for, decoded
	phone       *provision.Phone // whose file it is, for who may have it
	mac         device.MAC       // in the name, or of the phone
	reason      string           // why it was given or refused
	certificate string           // why the client's certificate does not count
	login       string           // why the client's credentials do not
	refusal     refusal
	rendered    string // the URI of the file that was made, and then:
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
	remote := e.client.remote(r)
	if e.refusal.reason != "" || res.status >= http.StatusBadRequest && res.status < http.StatusInternalServerError {
		if !a.volume.takes(access.SourceOf(e.client.addr), remote, e.refusal.reason, a.counter(level)) {
			return
		}
	}
	line := a.Log.WithLevel(level)
	switch {
	case e.phone != nil:
		line.Str("mac", e.phone.ID).Str("phone", e.phone.Name())
	case e.mac != device.MAC{}:
		line.Str("mac", e.mac.String())
	}
	line.Str("method", short(r.Method)).Str("file", short(e.fileOr(r))).
		Int("status", res.status).Int64("bytes", res.bytes).Dur("duration_ms", took).
		Str("remote", remote).Str("user_agent", short(r.UserAgent()))
	if r.TLS != nil {
		line.Str("tls", strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS "))
	}
	if e.reason != "" {
		line.Str("reason", e.reason)
	}
	if e.certificate != "" {
		line.Str("certificate", e.certificate)
	}
	if e.login != "" {
		line.Str("login", e.login)
	}
	if e.err != nil {
		line.AnErr("error", e.err)
	}
	line.Msg("request")
	e.refusal.log(a.Log, remote)
	if e.rendered != "" {
		a.findings.log(a.Log, e.rendered, e.diagnostics)
	}
}

func (e *entry) fileOr(r *http.Request) string {
	if e.file != "" {
		return e.file
	}
	return r.URL.Path
}

// refusal is a try of a stranger's.
type refusal struct {
	reason string // empty: there is none
	mac    device.MAC
}

// refused notes a stranger's try, for a line of its own.
func (e *entry) refused(reason string, mac device.MAC) {
	e.reason = reason
	e.refusal = refusal{reason, mac}
}

// log writes the line of a refusal. It is for fail2ban (deploy/fail2ban) and others that read logs: it never changes, and
// nothing in it is of the client's making but a MAC.
func (f refusal) log(log zerolog.Logger, remote string) {
	if f.reason == "" {
		return
	}
	line := log.Warn().Str("remote", remote).Str("reason", f.reason)
	if f.mac != (device.MAC{}) {
		line.Str("mac", f.mac.String())
	}
	line.Msg("refused")
}

// short is a client's text for the log: bounded, and without what a terminal would obey or hide. Control characters become
// one character each, as their escapes of six would let a client choose how long the line is.
func short(s string) string {
	if len(s) > maxLogged {
		s = s[:maxLogged] + "…"
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}
