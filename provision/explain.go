package provision

import (
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

// Explain lists the variables that a route's template sees, with where each comes from, in the order that they are
// looked up in. A setvar that cannot be expanded has its error for a value.
func (r *Renderer) Explain(ctx context.Context, s *Snapshot, rt *Route, q Request) []Variable {
	if rt.Static() {
		return nil
	}
	rd := r.rendering(s, q)
	sc := rd.scope(rt.Phone, rt.Phone.Lines[0])
	var vars []Variable
	add := func(name, value, origin string) {
		if !slices.ContainsFunc(vars, func(v Variable) bool { return v.Name == name }) {
			vars = append(vars, Variable{name, value, sc.secret(name, value), origin})
		}
	}
	for _, v := range sc.line.vars {
		add(v.name, v.value, v.origin(sc.line))
	}
	zone := rd.zoneVars(sc.line.zone)
	for _, name := range zoneNames {
		if v, ok := zone[name]; ok {
			add(name, v, fromZone+" "+sc.line.zone.String())
		}
	}
	for i, v := range sc.profile.setvars {
		value, err := sc.setvar(ctx, i)
		if err != nil {
			value = fmt.Sprintf("(%v)", err)
		}
		add(v.name, value, fmt.Sprintf("%s (setvar)", v.pos))
	}
	if rd.server != "" {
		add("SERVER", rd.server, fromRequest)
	}
	for _, v := range s.globals {
		add(v.name, v.value, v.origin(sc.line)+" (global)")
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
		return fmt.Sprintf("%s [%s]", fromSection, l.Section)
	}
	return v.from
}

// secret says whether a variable's value must not be shown unasked: it is a password by its name, or the line's secret
// is in it.
func (s *scope) secret(name, value string) bool {
	upper := strings.ToUpper(name)
	for _, word := range [...]string{"SECRET", "PASS", "PIN", "TOKEN", "KEY"} {
		if strings.Contains(upper, word) && upper != "LINEKEYS" {
			return true
		}
	}
	own, _ := s.line.own("SECRET")
	return own.value != "" && strings.Contains(value, own.value)
}
