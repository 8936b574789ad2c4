package httpapi

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/printable"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// maxLogged is the length up to which a name or User-Agent is logged, in bytes: enough for every phone, too few to fill
// a disk.
const maxLogged = 256

// entry is what a handler notes about a request for the log.
type entry struct {
	client      client
	file        string           // the requested name, decoded, without a one-time link
	link        string           // the token of a one-time link; empty: none
	linkTaken   bool             // the link was used for the file
	phone       *provision.Phone // whose file was requested; set only if the request may have it
	mac         device.MAC       // in the requested name, or of the phone
	reason      string           // why the file was given or refused
	certificate string           // why the client certificate does not count
	login       string           // why the credentials do not count
	admin       string           // who signed in at the admin address
	notable     bool             // the line is logged at its usual level, however often a source asks
	secrets     bool             // an admin asked for secrets
	refusal     refusal
	restored    bool   // the snapshot is the last good one from before the start
	pbx         string // of several Asterisks: the one of the phone whose file was requested
	unread      bool   // one of several Asterisks was not read yet: nobody knows its phones
	served      served
	err         error
	panicked    bool
	check       bool // Check sent the request
}

// logRequest logs a request. zerolog escapes what the client sent.
func (a *api) logRequest(level zerolog.Level, r *http.Request, res *responseWriter, e *entry, took time.Duration) {
	switch {
	case e.panicked:
		level = zerolog.ErrorLevel
	case res.status >= http.StatusInternalServerError:
		level = zerolog.WarnLevel
	case e.notable:
		level = zerolog.InfoLevel
	}
	remote := e.client.remote(r)
	if e.refusal.reason != "" || res.status >= http.StatusBadRequest && res.status < http.StatusInternalServerError {
		if !a.volume.allow(access.SourceOf(e.client.addr), remote, e.refusal.reason, a.counter(level)) {
			return
		}
	}
	line := a.Log.WithLevel(level)
	switch {
	case e.phone != nil:
		line.Str("mac", e.phone.ID).Str("phone", e.phone.Name())
		if e.pbx != "" {
			line.Str("pbx", e.pbx)
		}
	case e.mac != device.MAC{}:
		line.Str("mac", e.mac.String())
	}
	line.Str("method", short(r.Method)).Str("file", short(e.fileOr(r))).
		Int("status", res.status).Int64("bytes", res.bytes).Dur("duration_ms", took).
		Str("remote", remote).Str("user_agent", short(r.UserAgent()))
	if r.TLS != nil {
		line.Str("tls", strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS "))
	}
	if a.over != "" {
		line.Str("over", a.over)
	}
	if e.reason != "" {
		line.Str("reason", e.reason)
	}
	if e.restored {
		line.Str("source", SourceLastGood)
	}
	if e.certificate != "" {
		line.Str("certificate", e.certificate)
	}
	if e.login != "" {
		line.Str("login", e.login)
	}
	if e.admin != "" {
		line.Str("admin", short(e.admin))
	}
	if e.secrets {
		line.Bool("secrets", true)
	}
	if e.err != nil {
		line.AnErr("error", e.err)
	}
	line.Msg("request")
	e.refusal.text = a.refusedText()
	e.refusal.log(a.Log, remote)
	if doc := e.served.rendered(); doc != nil {
		a.Findings.log(a.Log, e.served.route.URI, doc.Diagnostics)
	}
}

func (e *entry) fileOr(r *http.Request) string {
	if e.file != "" {
		return withoutLink(e.file)
	}
	return withoutLink(r.URL.Path)
}

// refusal is a request of a stranger that was refused.
type refusal struct {
	reason string // empty: nothing was refused
	mac    device.MAC
	text   string // the message of its line; empty: refusedText
}

// refused notes a refusal, which has a log line of its own.
func (e *entry) refused(reason string, mac device.MAC) {
	e.reason = reason
	e.refusal = refusal{reason: reason, mac: mac}
}

// refusedText is the message of a line about a refusal, which fail2ban's filter looks for.
const refusedText = "refused"

// refusedText is the message of a line about a refusal. Over UDP an address may be forged: a stranger must not have a
// phone's address banned, so fail2ban's filter does not know the message of another protocol than HTTP.
func (a *api) refusedText() string {
	if a.over == "" {
		return refusedText
	}
	return refusedText + " over " + a.over
}

// log writes the line of a refusal, for fail2ban (deploy/fail2ban) and other readers of the log. The line never changes
// its form, and contains nothing that the client chose except a MAC.
func (f refusal) log(log zerolog.Logger, remote string) {
	if f.reason == "" {
		return
	}
	line := log.Warn().Str("remote", remote).Str("reason", f.reason)
	if f.mac != (device.MAC{}) {
		line.Str("mac", f.mac.String())
	}
	line.Msg(cmp.Or(f.text, refusedText))
}

// short prepares a text of a client for the log.
func short(s string) string { return printable.Cut(s, maxLogged) }
