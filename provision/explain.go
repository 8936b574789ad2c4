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
	Secret      bool   // Value must not be shown unasked
	Origin      string // file and line, or what else it comes from
}

// LineVariables are the variables of one line of a phone.
type LineVariables struct {
	Section   string // of the configuration
	Number    string // LINE
	Variables []Variable
}

// Explanation is how a file comes about.
type Explanation struct {
	Lines       []LineVariables
	Asked       []Asked      // what the file and the variables have asked of Asterisk
	Diagnostics []Diagnostic // what the templates' author should know
	Err         error        // why the file cannot be made
}

// Explain lists the variables that a route's template sees, with where each comes from, in the order that they are
// looked up in: for the phone's lowest line first, whose variables the template itself has, then for its other lines.
// A static file has none. A setvar that cannot be expanded has its error for a value.
func (r *Renderer) Explain(ctx context.Context, s *Snapshot, rt *Route, q Request) Explanation {
	var x Explanation
	if rt.Static() {
		return x
	}
	h := newHidden(s)
	b := r.asking(ctx)
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
	x.Asked = h.listAsked(b)
	return x
}

// explain lists the variables of a scope in the order of sources. Of several of one name it lists the first: the others
// are hidden.
func (s *scope) explain(ctx context.Context, h *hidden) []Variable {
	var vars []Variable
	add := func(v listed) {
		if slices.ContainsFunc(vars, func(known Variable) bool { return known.Name == v.name }) {
			return
		}
		value := v.value
		if v.err != nil {
			value = fmt.Sprintf("(%v)", v.err)
		}
		secret := s.secret(v.name, value) || v.answered && value != "" || v.text != "" && (h.made(v.text, value) || mentionsSecret(v.text, vars))
		vars = append(vars, Variable{v.name, value, secret, v.origin})
	}
	for _, source := range sources() {
		source.list(ctx, view{s, len(s.profile.setvars)}, add)
	}
	return vars
}

// mentionsSecret reports whether the name of a secret variable stands in a text.
func mentionsSecret(text string, vars []Variable) bool {
	return slices.ContainsFunc(vars, func(v Variable) bool { return v.Secret && strings.Contains(text, v.Name) })
}

// origin says where a variable comes from.
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

// secret says whether a variable's value must not be shown unasked: it is a password by its name, or the line's secret
// is in it. What is computed from a secret, a hash say, is seen by the caller, in what is written.
func (s *scope) secret(name, value string) bool {
	own, _ := s.line.own("SECRET")
	return secretName(name) || own.value != "" && strings.Contains(value, own.value)
}

// secretName says whether a name has a word in it that passwords are called by.
func secretName(name string) bool {
	upper := strings.ReplaceAll(strings.ToUpper(name), "LINEKEYS", "")
	for _, word := range [...]string{"SECRET", "PASS", "PWD", "PIN", "TOKEN", "KEY", "HASH", "HA1"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}
