package provision

import (
	"context"
	"slices"
	"strings"
)

// RenderMasked makes the document of a route as Render does, but with "<secret>" in place of each secret. The secrets are
// taken out where variables are looked up, before the template sees them: so whatever the template computes from one (a
// hash, a part, base64) is computed from "<secret>". What the template itself says is left as it is.
//
// Secret are the variables and options whose names say so (secretName), those that have a secret of the phone's lines in
// them, and answers of Asterisk that may be one. Nothing is remembered.
//
// A static file is sent as it is: ErrNotMasked.
func (r *Renderer) RenderMasked(ctx context.Context, s *Snapshot, rt *Route, q Request) (*Document, error) {
	if rt.Static() {
		return nil, ErrNotMasked
	}
	q.masked = true
	b := r.newCalls(ctx)
	defer b.end()
	return r.render(ctx, s, nil, rt, q, b)
}

// shownAnyway are variables that no reader takes for a secret. Their values are shown even where they are the same as a
// secret: to mask them would tell that they are.
var shownAnyway = [...]string{"CALLERID", "DISPLAY_NAME", "LABEL", "LINE", "MAC", "SERVER", "USERNAME", "VOICEMAIL_EXTEN"}

// minContained is how many bytes a secret has at least that is looked for within values: a shorter one stands in innocent
// words.
const minContained = 4

// hide is the value of a variable or an option of the line, or "<secret>" where it is one and the rendering is masked.
func (s *scope) hide(name, value string) string {
	if !s.rd.request.masked || value == "" || !secretName(name) && !s.showsOwnSecret(name, value) {
		return value
	}
	return masked
}

// showsOwnSecret reports a value that has a secret of one of the phone's lines in it.
func (s *scope) showsOwnSecret(name, value string) bool {
	return !slices.Contains(shownAnyway[:], name) && slices.ContainsFunc(s.phone.Lines, func(l *Line) bool {
		own, _ := l.own("SECRET")
		return own.value != "" && (value == own.value || len(own.value) >= minContained && strings.Contains(value, own.value))
	})
}
