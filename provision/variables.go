package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// variableSource is a source of variables.
type variableSource struct {
	// find returns the value of a variable and how long it holds. If the source does not have the variable (false), the
	// Value says how long that holds.
	find func(ctx context.Context, v view, name string) (dialplan.Value, bool, error)
	// list calls add for each variable of the source, in order.
	list func(ctx context.Context, v view, add func(listedVariable))
}

// listedVariable is a variable of a source, for Explain.
type listedVariable struct {
	name, value string
	err         error  // why there is no value
	text        string // the template that the value is expanded from; empty: the value stands in the configuration
	origin      string // file and line, or another origin
	answered    bool   // the value depends on an answer of Asterisk that may be secret
}

// sources is the order in which a variable is looked up: the first source that has it wins. Rendering, plans and
// Explain all use this table. The order is that of Asterisk's res_phoneprov. Sources that Asterisk does not have come
// after what a profile can set.
func sources() [6]variableSource {
	return [...]variableSource{
		{findLine, listLine},       // the line's section, its endpoint, the defaults
		{findZone, listZone},       // the line's time zone: TZOFFSET, DST_*
		{findSetvar, listSetvars},  // the profile's setvars
		{findRequest, listRequest}, // PP_*, computed for the request
		{findServer, listServer},   // SERVER, as the phone reached us
		{findGlobal, listGlobals},  // [globals] of extensions.conf
	}
}

// view is a scope as a template sees it. The template of a setvar sees only the setvars before it, as in Asterisk. Any
// other template sees them all.
type view struct {
	*scope
	setvars int
}

// lookup is the dialplan.Env.Lookup of every template.
func (v view) lookup(ctx context.Context, name string) (dialplan.Value, bool, error) {
	name = canonicalName(name)
	var missing dialplan.Varies // how long the sources so far lack it
	for _, s := range sources() {
		found, ok, err := s.find(ctx, v, name)
		missing.Add(found.Varies)
		if ok || err != nil {
			if hidden := v.hide(name, found.Text); hidden != found.Text {
				found.Text, found.Slot = hidden, 0
			}
			found.Varies = missing
			return found, ok, err
		}
	}
	return dialplan.Value{Varies: missing}, false, nil
}

// canonicalName returns the name of a variable. Asterisk's sample spells one in another way.
func canonicalName(name string) string {
	if name == "VOCIEMAIL_EXTEN" {
		return "VOICEMAIL_EXTEN"
	}
	return name
}

// findLine finds a variable that the line's section, its endpoint or the defaults set. Lines of one shape differ only
// in the values of their records, so the index in the record is the slot of a plan.
func findLine(_ context.Context, v view, name string) (dialplan.Value, bool, error) {
	own := v.line.shape.find(name)
	switch {
	case own == nil:
		return dialplan.Value{}, false, nil
	case own.at < 0:
		return dialplan.Value{Text: own.value}, true, nil
	}
	return dialplan.Value{Text: v.line.record.value(own.at), Varies: perLine, Slot: 1 + own.at}, true, nil
}

var perLine = dialplan.Varies{With: dialplan.ByExpansion}

func listLine(_ context.Context, v view, add func(listedVariable)) {
	for b := range v.line.variables() {
		add(listedVariable{name: b.name, value: b.value, origin: b.origin(v.line)})
	}
}

func findZone(_ context.Context, v view, name string) (dialplan.Value, bool, error) {
	if !slices.Contains(zoneNames[:], name) {
		return dialplan.Value{}, false, nil
	}
	facts := v.zoneFacts()
	value, ok := facts.vars[name]
	return dialplan.Value{Text: value, Varies: facts.varies()}, ok, nil
}

// zoneNames are the variables of a time zone, in the order for display.
var zoneNames = [...]string{"TZOFFSET", "DST_ENABLE", "DST_START_MONTH", "DST_START_MDAY", "DST_START_HOUR",
	"DST_END_MONTH", "DST_END_MDAY", "DST_END_HOUR"}

func listZone(_ context.Context, v view, add func(listedVariable)) {
	vars := v.zoneFacts().vars
	for _, name := range zoneNames {
		if value, ok := vars[name]; ok {
			add(listedVariable{name: name, value: value, origin: v.zoneOrigin()})
		}
	}
}

func (s *scope) zoneOrigin() string { return fromZone + " " + s.line.zone.String() }

// zoneFacts returns the facts of the line's time zone.
func (s *scope) zoneFacts() *zoneFacts { return zoneFactsAt(s.rd.facts, s.line.zone, s.rd.now) }

func findSetvar(ctx context.Context, v view, name string) (dialplan.Value, bool, error) {
	for i := range v.profile.setvars[:v.setvars] {
		if v.profile.setvars[i].name == name {
			value, err := v.setvar(ctx, i)
			return value, true, err
		}
	}
	return dialplan.Value{}, false, nil
}

// firstSetvarSlot is the slot of a profile's first setvar. Slots below it are indexes in the line's record.
const firstSetvarSlot = 1 << 20

// setvar expands a setvar, once for each scope. A setvar can only need itself through a function that looks at phones;
// that is an error.
func (s *scope) setvar(ctx context.Context, i int) (dialplan.Value, error) {
	v := &s.profile.setvars[i]
	if slices.Contains(s.rd.open, v) {
		return dialplan.Value{}, fmt.Errorf("%s: setvar %s needs itself: %w", v.pos, v.name, dialplan.ErrTooDeep)
	}
	s.rd.open = append(s.rd.open, v)
	defer func() { s.rd.open = s.rd.open[:len(s.rd.open)-1] }()
	if !slices.Contains(s.rd.setvars, v) {
		s.rd.setvars = append(s.rd.setvars, v)
	}
	env := s.rd.environment(view{s, i})
	value, err := s.setvars.expandOnce(ctx, i, v.value, &env)
	if own := s.line.shape.find(v.of); own != nil && own.at >= 0 {
		value.Slot = firstSetvarSlot + i
	}
	return value, err
}

func listSetvars(ctx context.Context, v view, add func(listedVariable)) {
	for i := range v.profile.setvars[:v.setvars] {
		s := &v.profile.setvars[i]
		value, err := v.setvar(ctx, i)
		add(listedVariable{s.name, value.Text, err, s.text, fmt.Sprintf("%s (setvar)", s.pos), answered(value)})
	}
}

// Slot implements dialplan.Slots for the scope's line. at is a slot that findLine or setvar returned.
func (s *scope) Slot(at int) string {
	if at < firstSetvarSlot {
		return s.line.record.value(at - 1)
	}
	v := &s.profile.setvars[at-firstSetvarSlot]
	return v.part.Of(s.line.record.value(s.line.shape.find(v.of).at))
}

func findRequest(ctx context.Context, v view, name string) (dialplan.Value, bool, error) {
	r, ok := v.rd.snap.requestVars[name]
	if !ok {
		return dialplan.Value{}, false, nil
	}
	value, err := r.find(ctx, v)
	return value, true, err
}

func listRequest(ctx context.Context, v view, add func(listedVariable)) {
	for _, r := range RequestVariables() {
		value, err := r.find(ctx, v)
		add(listedVariable{name: r.Name, value: value.Text, err: err, origin: r.from.origin(v.scope)})
	}
}

func findServer(_ context.Context, v view, name string) (dialplan.Value, bool, error) {
	if name != "SERVER" {
		return dialplan.Value{}, false, nil
	}
	server := v.rd.request.Server
	return dialplan.Value{Text: server, Varies: dialplan.Varies{With: byServer}}, server != "", nil
}

func listServer(_ context.Context, v view, add func(listedVariable)) {
	if server := v.rd.request.Server; server != "" {
		add(listedVariable{name: "SERVER", value: server, origin: fromRequest})
	}
}

func findGlobal(ctx context.Context, v view, name string) (dialplan.Value, bool, error) {
	return v.rd.global(ctx, name, len(v.rd.snap.globals.vars))
}

// global looks a name up among the first n global variables. A global variable sees those before it. Asterisk expands
// it when it loads the dialplan; phoneprov expands it when a template uses it.
func (rd *rendering) global(ctx context.Context, name string, n int) (dialplan.Value, bool, error) {
	i := rd.snap.globals.before(name, n)
	if i < 0 {
		return dialplan.Value{}, false, nil
	}
	env := rd.environment(view{})
	env.Stat, env.Owner, env.Funcs = nil, nil, rd.snap.guarded
	env.Lookup = func(ctx context.Context, name string) (dialplan.Value, bool, error) { return rd.global(ctx, name, i) }
	value, err := rd.globals.expandOnce(ctx, i, rd.snap.globals.vars[i].value, &env)
	if rd.request.masked && secretName(name) && value.Text != "" { // another global may be made of it
		value.Text = masked
	}
	return value, true, err
}

func listGlobals(ctx context.Context, v view, add func(listedVariable)) {
	g := v.rd.snap.globals
	for i, s := range g.vars {
		if i == g.before(s.name, len(g.vars)) {
			value, _, err := v.rd.global(ctx, s.name, i+1)
			add(listedVariable{s.name, value.Text, err, s.text, fmt.Sprintf("%s (global)", s.pos), answered(value)})
		}
	}
}

func answered(v dialplan.Value) bool { return v.Varies.With&bySecretAnswer != 0 }

// expandOnce expands a variable's template, or returns the earlier result of the same rendering. A pending result stays
// pending until the end of the rendering.
func (r *results) expandOnce(ctx context.Context, place int, t *dialplan.Template, env *dialplan.Env) (dialplan.Value, error) {
	if had, ok := (*r)[place]; ok {
		return had.value, had.err
	}
	value, err := t.Evaluate(ctx, env)
	if err == nil || errors.Is(err, dialplan.ErrPending) {
		if *r == nil {
			*r = results{}
		}
		(*r)[place] = result{value, err}
	}
	return value, err
}

// results are the results of variables that are expanded at most once, by their indexes in the configuration.
type results map[int]result

type result struct {
	value dialplan.Value
	err   error
}
