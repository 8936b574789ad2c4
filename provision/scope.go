package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// rendering is one expansion of a template and everything it includes, for one request. It is used by one goroutine, and its
// memory again by another rendering: what it was asked for must not lead to it.
type rendering struct {
	by      *Renderer // nil while the snapshot is being built, as data
	snap    *Snapshot
	data    *DataDir
	server  string // what SERVER is where the configuration does not say; empty: nothing
	now     time.Time
	zone    *time.Location // the server's
	ask     dialplan.Asker // or asking
	asking  *asking
	lists   *lists       // that may be used again; nil: none
	effects dialplan.Env // its functions in what its templates see: always the same for its memory
	diags   diagnostics
	used    []string // the templates that were read
	depends depends
	varies  dialplan.Varies // what was looked at since the template's last ${} or $[]
	zones   zones
	facts   map[*time.Location]*zoneFacts // of its zones, at its time
	open    []*setvar                     // that are being expanded
	// answered: the variable that is being expanded is made of what Asterisk answered, which may be secret.
	answered bool
	// Expanded global variables, by their place.
	globals map[int]expanded
	setvars []*setvar // that were expanded

	request Request // for RequestVariables; empty while the snapshot is being built
	device  *Device // see phoneDevice
	top     scope   // of the file itself
	rules   map[*time.Location]zoneRuleFact
}

// zoneRuleFact is the rule of a zone until a moment; zero: for ever.
type zoneRuleFact struct {
	zoneRule
	until time.Time
}

// scope is where one line's variables are looked up.
//
//	lookup = line's own, else time zone's, else profile's setvar, else a RequestVariable, else SERVER of the request,
//	         else Asterisk's global
type scope struct {
	rd      *rendering
	phone   *Phone
	line    *Line
	profile *Profile
	setvars []expanded   // by their place in the profile
	seen    dialplan.Env // by its template
}

// expanded is what came of a variable in a rendering, if anything did: its value, or an error that is ErrPending. What is
// pending once is so to the end of the rendering.
type expanded struct {
	done   bool
	asked  bool // see rendering.answered
	varies dialplan.Varies
	value  string
	err    error
}

// final says whether a rendering is to remember what came of a variable.
func final(err error) bool { return err == nil || errors.Is(err, dialplan.ErrPending) }

func (rd *rendering) scope(p *Phone, l *Line) *scope {
	return &scope{rd: rd, phone: p, line: l, profile: p.Profile}
}

// environment is what every template of the rendering sees, with the variables of the file itself.
func (rd *rendering) environment() dialplan.Env {
	if rd.effects.Diag == nil {
		rd.effects = dialplan.Env{
			Lookup: rd.top.variable, Diag: rd.diag, LoadZone: rd.loadZone, Changing: rd.changes, AskAt: rd.askAt, Stat: rd.stat,
		}
	}
	env := rd.effects
	env.Now, env.Zone, env.Ask = rd.now, rd.zone, rd.ask
	if rd.asking == nil {
		env.AskAt = nil
	}
	if rd.data == nil {
		env.Stat = nil
	}
	return env
}

// env is what a template sees of the scope.
func (s *scope) env() *dialplan.Env {
	s.seen = s.rd.environment()
	if s != &s.rd.top {
		s.seen.Lookup = s.variable
	}
	s.seen.Funcs, s.seen.Owner = s.rd.snap.functions, s
	return &s.seen
}

// variable is lookup with all of the profile's setvars.
func (s *scope) variable(ctx context.Context, name string) (string, bool, error) {
	return s.lookup(ctx, name, len(s.profile.setvars))
}

// spelt is the name of a variable that Asterisk's sample spells in another way.
func spelt(name string) string {
	if name == "VOCIEMAIL_EXTEN" {
		return "VOICEMAIL_EXTEN"
	}
	return name
}

// lookup finds a variable as one of the profile's first setvars sees it.
func (s *scope) lookup(ctx context.Context, name string, setvars int) (string, bool, error) {
	name = spelt(name)
	if v := s.line.shape.find(name); v != nil {
		if v.at < 0 {
			return v.value, true, nil
		}
		s.rd.differs(dialplan.ByExpansion)
		return s.line.record.value(v.at), true, nil
	}
	if v, ok := s.zoneVar(name); ok {
		return v, true, nil
	}
	for i, v := range s.profile.setvars[:setvars] {
		if v.name == name {
			value, err := s.setvar(ctx, i)
			return value, true, err
		}
	}
	if v, ok, err := s.requestVar(ctx, name, setvars); ok {
		return v, true, err
	}
	if name == "SERVER" {
		s.rd.use(usesServer)
		if s.rd.server != "" {
			return s.rd.server, true, nil
		}
	}
	return s.rd.global(ctx, name, len(s.rd.snap.globals.vars))
}

// setvar expands a setvar, once a scope. It sees the line and the setvars before it, as in Asterisk; so the only loop is
// by way of a function that looks at phones again, which ends in an error.
func (s *scope) setvar(ctx context.Context, i int) (string, error) {
	if s.setvars == nil {
		s.setvars = make([]expanded, len(s.profile.setvars))
	}
	if had := &s.setvars[i]; had.done {
		s.rd.answered = s.rd.answered || had.asked
		s.rd.differs(had.varies)
		return had.value, had.err
	}
	v := &s.profile.setvars[i]
	if slices.Contains(s.rd.open, v) {
		return "", fmt.Errorf("%s: setvar %s needs itself: %w", v.pos, v.name, dialplan.ErrTooDeep)
	}
	s.rd.open = append(s.rd.open, v)
	defer func() { s.rd.open = s.rd.open[:len(s.rd.open)-1] }()
	if !slices.Contains(s.rd.setvars, v) {
		s.rd.setvars = append(s.rd.setvars, v)
	}
	env := s.rd.environment()
	env.Lookup = func(ctx context.Context, name string) (string, bool, error) { return s.lookup(ctx, name, i) }
	env.Funcs, env.Owner = s.rd.snap.functions, s
	x := s.rd.expand(ctx, v.value, &env)
	if final(x.err) {
		s.setvars[i] = x
	}
	return x.value, x.err
}

// expand evaluates a variable's template, and takes note of what that varies with.
func (rd *rendering) expand(ctx context.Context, t *dialplan.Template, env *dialplan.Env) expanded {
	before, answered := rd.varies, rd.answered
	rd.varies, rd.answered = dialplan.Never, false
	value, err := t.Expand(ctx, env)
	x := expanded{true, rd.answered, rd.varies, value, err}
	rd.answered = rd.answered || answered
	rd.differs(before)
	return x
}

// zoneVar finds a variable of the line's time zone.
func (s *scope) zoneVar(name string) (string, bool) {
	if name != "TZOFFSET" && (len(name) < 4 || name[:4] != "DST_") {
		return "", false
	}
	v, ok := s.rd.zoneVars(s.line.zone)[name]
	return v, ok
}

func (rd *rendering) zoneVars(loc *time.Location) map[string]string {
	f, ok := rd.facts[loc]
	if !ok {
		if rd.facts == nil {
			rd.facts = map[*time.Location]*zoneFacts{}
		}
		f = rd.snap.zones.at(loc, rd.now)
		rd.facts[loc] = f
	}
	rd.depends.ends(f.until)
	return f.vars
}
