package httpapi

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// logging is a handler, and logs what no handler sees.
type logging struct {
	http.Handler
	api       *api
	level     zerolog.Level
	strangers bool // the clients may be strangers
}

// unserved logs a request that net/http refused, or a handshake that failed. If a stranger sent it, it also logs a
// refusal, unless the client speaks TLS but does not accept ours.
func (l *logging) unserved(u unservedRequest) {
	a := l.api
	peer, err := netip.ParseAddrPort(u.remote)
	if err != nil {
		return
	}
	addr, proxy := access.Client(peer.Addr().WithZone(""), nil, a.Access.Proxies)
	e := entry{client: client{addr: addr}, reason: reasonMalformed}
	if u.tls {
		e.reason = reasonHandshake
	}
	d := a.Access.Rules.Decide(access.Facts{Source: addr, Known: true})
	if l.strangers && !proxy && d.Reason != access.ByAddress && (!u.tls || u.fault) {
		e.refused(e.reason, e.mac)
	}
	remote := peer.Addr().Unmap().WithZone("").String()
	if !a.volume.allow(access.SourceOf(peer.Addr()), remote, e.refusal.reason, a.counter(l.level)) {
		return
	}
	line := a.Log.WithLevel(l.level)
	if !u.tls {
		method, rest, _ := strings.Cut(firstLine(strings.TrimLeft(u.head, "\r\n")), " ")
		line.Str("method", short(method)).Str("file", short(withoutLink(targetOf(rest))))
	}
	line.Int("status", u.status).Int("bytes", u.bytes).Str("remote", remote)
	if agent := userAgentOf(u.head); agent != "" {
		line.Str("user_agent", short(agent))
	}
	line.Str("reason", e.reason).Str("error", short(u.cause)).Msg("request")
	e.refusal.log(a.Log, remote)
}

// end logs the counts now.
func (l *logging) end() { l.api.volume.end(l.api.counter(l.level)) }

// counter returns the function that logs the count of a source.
func (a *api) counter(level zerolog.Level) func(*refusedSource) {
	return func(s *refusedSource) { a.logCount(level, s) }
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimRight(line, "\r")
}

// targetOf returns the path in the part of a request line after the method, without the query and the version. The path
// may contain blanks.
func targetOf(rest string) string {
	path, _, _ := strings.Cut(rest, "?")
	if i := strings.LastIndex(path, " "); i >= 0 && strings.HasPrefix(strings.ToUpper(path[i+1:]), "HTTP/") {
		path = path[:i]
	}
	return path
}

// userAgentOf finds the User-Agent in a head that may be malformed.
func userAgentOf(head string) string {
	for line := range strings.Lines(head) {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "User-Agent") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
