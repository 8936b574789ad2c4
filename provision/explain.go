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
		rd := r.rendering(s, q, b)
		_, err := rd.file(ctx, nil, rt, r.escape(rt))
		x = Explanation{Diagnostics: rd.diags, Err: err}
		rd = r.rendering(s, q, b)
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

func (s *scope) explain(ctx context.Context, h *hidden) []Variable {
	var vars []Variable
	add := func(name, value, origin string, secret bool) {
		if !slices.ContainsFunc(vars, func(v Variable) bool { return v.Name == name }) {
			vars = append(vars, Variable{name, value, secret || s.secret(name, value), origin})
		}
	}
	for v := range s.line.variables() {
		add(v.name, v.value, v.origin(s.line), false)
	}
	zone := s.rd.zoneVars(s.line.zone)
	for _, name := range zoneNames {
		if v, ok := zone[name]; ok {
			add(name, v, fromZone+" "+s.line.zone.String(), false)
		}
	}
	for i, v := range s.profile.setvars {
		value, err := s.setvar(ctx, i)
		if err != nil {
			value = fmt.Sprintf("(%v)", err)
		}
		usesSecret := s.setvars[i].asked && value != "" || h.made(v.text, value) || slices.ContainsFunc(vars, func(known Variable) bool {
			return known.Secret && strings.Contains(v.text, known.Name)
		})
		add(v.name, value, fmt.Sprintf("%s (setvar)", v.pos), usesSecret)
	}
	for _, v := range RequestVariables() {
		origin := v.from
		if origin == fromZone {
			origin += " " + s.line.zone.String()
		}
		value, err := s.requestValue(ctx, v, len(s.profile.setvars))
		if err != nil {
			value = fmt.Sprintf("(%v)", err)
		}
		add(v.Name, value, origin, false)
	}
	if s.rd.server != "" {
		add("SERVER", s.rd.server, fromRequest, false)
	}
	for i, v := range s.rd.snap.globals.vars {
		if i == s.rd.snap.globals.before(v.name, len(s.rd.snap.globals.vars)) {
			value, _, err := s.rd.global(ctx, v.name, i+1)
			if err != nil {
				value = fmt.Sprintf("(%v)", err)
			}
			add(v.name, value, fmt.Sprintf("%s (global)", v.pos), s.rd.globals[i].asked && value != "" || h.made(v.text, value))
		}
	}
	return vars
}

// zoneNames are the variables of a time zone, in the order that they are shown in.
var zoneNames = [...]string{"TZOFFSET", "DST_ENABLE", "DST_START_MONTH", "DST_START_MDAY", "DST_START_HOUR",
	"DST_END_MONTH", "DST_END_MDAY", "DST_END_HOUR"}

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
