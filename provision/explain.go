package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Variable is one variable of a file, for `render --explain`.
type Variable struct {
	Name, Value string
	Secret      bool   // hide Value by default
	Origin      string // file and line, or another origin
}

// LineVariables are the variables of one line of a phone.
type LineVariables struct {
	Section   string // name of the section in the configuration
	Number    string // the variable LINE
	Variables []Variable
}

// Explanation is how a file is made.
type Explanation struct {
	Lines       []LineVariables
	Calls       []AnsweredCall // the calls to Asterisk for the file and its variables
	Diagnostics []Diagnostic   // what the templates' author should know
	Err         error          // why the file cannot be rendered
}

// Explain returns the variables that a route's template sees, and where each comes from, in the order of lookup. The
// phone's lowest line comes first, because the template sees its variables, and then the other lines. A static file has
// none. If a setvar cannot be expanded, its value is the error.
func (r *Renderer) Explain(ctx context.Context, s *Snapshot, rt *Route, q Request) Explanation {
	var x Explanation
	if rt.Static() {
		return x
	}
	r, s = r.of(s, rt)
	h := newHidden(s)
	b := r.newCalls(ctx)
	b.whole = true
	defer b.end()
	err := b.passes(func() error {
		rd := r.rendering(s, nil, q, b)
		_, _, err := rd.file(ctx, nil, rt, r.escape(rt))
		x = Explanation{Diagnostics: rd.diags, Err: err}
		rd = r.rendering(s, nil, q, b)
		for _, l := range rt.Phone.Lines {
			number, _ := l.own("LINE")
			x.Lines = append(x.Lines, LineVariables{l.Section(), number.value, rd.scope(rt.Phone, l).explain(ctx, h)})
		}
		for _, d := range rd.diags {
			if !slices.Contains(x.Diagnostics, d) {
				x.Diagnostics = append(x.Diagnostics, d)
			}
		}
		return nil
	})
	if x.Err = cmp.Or(err, x.Err); x.Err != nil {
		x.Err = rt.failed(x.Err)
	}
	x.Calls = h.answeredCalls(b)
	return x
}

// explain returns the variables of a scope in the order of sources. If several have the same name, it returns the
// first, which hides the others.
func (s *scope) explain(ctx context.Context, h *hidden) []Variable {
	var vars []Variable
	add := func(v listedVariable) {
		if slices.ContainsFunc(vars, func(known Variable) bool { return known.Name == v.name }) {
			return
		}
		value := v.value
		if v.err != nil {
			value = fmt.Sprintf("(%v)", v.err)
		}
		secret := s.secret(v.name, value) || v.answered && value != "" || v.text != "" && (h.coversResult(v.text, value) || mentionsSecret(v.text, vars))
		vars = append(vars, Variable{v.name, value, secret, v.origin})
	}
	for _, source := range sources() {
		source.list(ctx, view{s, len(s.profile.setvars)}, add)
	}
	return vars
}

// mentionsSecret reports whether a text has the name of a secret variable.
func mentionsSecret(text string, vars []Variable) bool {
	return slices.ContainsFunc(vars, func(v Variable) bool { return v.Secret && strings.Contains(text, v.Name) })
}

// origin returns where a variable comes from.
func (v binding) origin(l *Line) string {
	switch {
	case v.line > 0:
		return fmt.Sprintf("%s:%d", v.from, v.line)
	case v.from == fromEndpoint:
		id, _ := l.own("ENDPOINT_ID")
		return fromEndpoint + " " + id.value
	case v.from == fromSection:
		return fmt.Sprintf("%s [%s]", fromSection, l.Section())
	}
	return v.from
}

// secret reports whether a variable's value is hidden by default: its name is one of a password, or it contains the
// line's secret. For a value that is computed from a secret, such as a hash, the caller checks the text that it is
// computed from.
func (s *scope) secret(name, value string) bool {
	own, _ := s.line.own("SECRET")
	return secretName(name) || own.value != "" && strings.Contains(value, own.value)
}

// secretName reports whether a name has a word that names of passwords have.
func secretName(name string) bool {
	upper := strings.ReplaceAll(strings.ToUpper(name), "LINEKEYS", "")
	for _, word := range [...]string{"SECRET", "PASS", "PWD", "PIN", "TOKEN", "KEY", "HASH", "HA1"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}
