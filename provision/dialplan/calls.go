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

// Volatile tells whether a function gives another value at every call.
func Volatile(name string) bool { return name == "RAND" || name == "UUID" }

// Volatile are the places where the text may give something else at every expansion:
// calls of RAND and UUID, in an argument that names one too, the variable EPOCH, and
// STRFTIME of now. What is made of a time may well be the same for a day.
func (t *Template) Volatile() []CallSite {
	var sites []CallSite
	t.walk(t.segs, func(s *segment) {
		if name := s.volatile(); name != "" {
			line, col := t.position(s.pos)
			sites = append(sites, CallSite{Name: name, Line: line, Col: col})
		}
	})
	return sites
}

// volatile is the name of what may differ in a ${}, or "".
func (s *segment) volatile() string {
	if s.kind != variable {
		return ""
	}
	name, args, call := strings.Cut(s.text, "(")
	if !call {
		if name, _, _ = strings.Cut(name, ":"); name == "EPOCH" {
			return name
		}
		return ""
	}
	if inner, _, ok := strings.Cut(args, "("); ok && Volatile(inner) {
		return inner
	}
	now := strings.TrimLeft(args, " )") == "" || strings.HasPrefix(strings.TrimLeft(args, " "), ",")
	if Volatile(name) || name == "STRFTIME" && now {
		return name
	}
	return ""
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

// Lines is how many lines the text has; the last one need not have an end.
func (t *Template) Lines() int {
	line, _ := t.position(len(t.text))
	return line
}
