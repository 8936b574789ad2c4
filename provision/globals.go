package provision

import (
	"context"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// globals are the global variables of Asterisk's dialplan, as extensions.conf has them: each is expanded with those
// before it, and the last of a name counts. What the dialplan sets later, at a call, is not known here.
type globals struct {
	vars   []setvar
	places map[string][]int // of a name in vars, in order
}

func readGlobals(f *astconf.File) globals {
	g := globals{places: map[string][]int{}}
	c := f.Category(GlobalsCategory)
	if c == nil {
		return g
	}
	for v := range copyCategory(c).Vars() {
		name := variableName(v.Name)
		g.places[name] = append(g.places[name], len(g.vars))
		g.vars = append(g.vars, newSetvar(name, v.Value, v.Pos))
	}
	return g
}

// before finds the last variable of a name among the first n; -1: there is none.
func (g globals) before(name string, n int) int {
	places := g.places[name]
	for i := len(places) - 1; i >= 0; i-- {
		if places[i] < n {
			return places[i]
		}
	}
	return -1
}

// global looks a name up among the first n global variables, and expands it once a rendering. Asterisk does so when it
// loads the dialplan; here one that needs Asterisk costs nothing where it is not used.
func (rd *rendering) global(ctx context.Context, name string, n int) (string, bool, error) {
	g := rd.snap.globals
	i := g.before(name, n)
	if i < 0 {
		return "", false, nil
	}
	if had := rd.globals[i]; had.done {
		rd.answered = rd.answered || had.asked
		rd.differs(had.varies)
		return had.value, true, had.err
	}
	env := rd.environment()
	env.Stat, env.Funcs = nil, rd.snap.guarded
	env.Lookup = func(ctx context.Context, name string) (string, bool, error) { return rd.global(ctx, name, i) }
	x := rd.expand(ctx, g.vars[i].value, &env)
	if final(x.err) {
		if rd.globals == nil {
			rd.globals = map[int]expanded{}
		}
		rd.globals[i] = x
	}
	return x.value, true, x.err
}
