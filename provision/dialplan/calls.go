package dialplan

import "strings"

// CallSite is a function call in a template.
type CallSite struct {
	Name      string
	Line, Col int // of the `${`; both from 1, Col in bytes
}

// Calls are the function calls whose name stands in the text, in its order: not
// those whose name is computed, nor those within a text for EVAL or PP_EACH_USER
// that is written with %{.
func (t *Template) Calls() []CallSite {
	var calls []CallSite
	t.walk(t.segs, func(s *segment) {
		if s.kind != variable {
			return
		}
		if name, ok := writtenCall(s.text); ok {
			line, col := t.position(s.pos)
			calls = append(calls, CallSite{Name: name, Line: line, Col: col})
		}
	})
	return calls
}

func (t *Template) walk(segs []segment, visit func(*segment)) {
	for i := range segs {
		visit(&segs[i])
		t.walk(segs[i].sub, visit)
	}
}

// position is a line and a column for an offset of the text.
func (t *Template) position(pos int) (line, col int) {
	before := t.text[:min(pos, len(t.text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}
