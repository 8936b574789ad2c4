package provision

import (
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
