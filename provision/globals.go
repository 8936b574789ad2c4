package provision

import (
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// globals are the global variables of Asterisk's dialplan in extensions.conf. Each is expanded with those before it,
// and the last one of a name counts. Variables that the dialplan sets during a call are not known here.
type globals struct {
	vars    []setvar
	indexes map[string][]int // the indexes of a name in vars, in order
}

func readGlobals(f *astconf.File) globals {
	g := globals{indexes: map[string][]int{}}
	c := f.Category(GlobalsCategory)
	if c == nil {
		return g
	}
	for v := range copyCategory(c).Vars() {
		name := variableName(v.Name)
		g.indexes[name] = append(g.indexes[name], len(g.vars))
		g.vars = append(g.vars, newSetvar(name, v.Value, v.Pos))
	}
	return g
}

// before returns the index of the last variable of a name among the first n, or -1.
func (g globals) before(name string, n int) int {
	places := g.indexes[name]
	for i := len(places) - 1; i >= 0; i-- {
		if places[i] < n {
			return places[i]
		}
	}
	return -1
}
