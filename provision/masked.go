package provision

import (
	"context"
	"slices"
	"strings"
)

// RenderMasked renders a route as Render does, but with "<secret>" in place of each secret. It replaces secrets when a
// variable is looked up, before the template sees the value. So whatever the template computes from a secret (a hash, a
// part, base64) is computed from "<secret>". The template's own text stays as it is.
//
// A value is a secret if the name of its variable or option says so (secretName), if the value contains a secret of the
// phone's lines, or if it is an answer of Asterisk that may be one. RenderMasked caches nothing.
//
// A static file cannot be masked: the error is ErrNotMasked.
func (r *Renderer) RenderMasked(ctx context.Context, s *Snapshot, rt *Route, q Request) (*Document, error) {
	if rt.Static() {
		return nil, ErrNotMasked
	}
	r, s = r.of(s, rt)
	q.masked = true
	b := r.newCalls(ctx)
	defer b.end()
	return r.render(ctx, s, nil, rt, q, b)
}

// shownAnyway are variables that nobody takes for a secret. They show even if their value equals a secret: a mask would
// reveal that it does.
var shownAnyway = [...]string{"CALLERID", "DISPLAY_NAME", "LABEL", "LINE", "MAC", "SERVER", "USERNAME", "VOICEMAIL_EXTEN"}

// minContained is the least length of a secret that is searched for inside other values. A shorter secret occurs in
// ordinary words.
const minContained = 4

// hide returns the value of a variable or an option of the line. In a masked rendering it returns "<secret>" for a
// secret.
func (s *scope) hide(name, value string) string {
	if !s.rd.request.masked || value == "" || !secretName(name) && !s.showsOwnSecret(name, value) {
		return value
	}
	return masked
}

// showsOwnSecret reports whether a value contains a secret of one of the phone's lines.
func (s *scope) showsOwnSecret(name, value string) bool {
	return !slices.Contains(shownAnyway[:], name) && slices.ContainsFunc(s.phone.Lines, func(l *Line) bool {
		own, _ := l.own("SECRET")
		return own.value != "" && (value == own.value || len(own.value) >= minContained && strings.Contains(value, own.value))
	})
}
