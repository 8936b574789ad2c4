package dialplan

import "strings"

// CallSite is a function call in a template.
type CallSite struct {
	Name      string
	Line, Col int // of the `${`, from 1; Col in bytes
}

// Calls returns the function calls that the text spells, in order. It does not have calls with a computed name, or
// calls in a text for EVAL or PP_EACH_USER that is written with %{.
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

// Volatile reports whether a function has another value at every call.
func Volatile(name string) bool { return name == "RAND" || name == "UUID" }

// Volatile returns the places where the text may differ at every expansion: calls of RAND and UUID, also as an
// argument, the variable EPOCH, and STRFTIME of the current time. A text made of a time may still be the same for a
// day.
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

// volatile returns the name of what may differ in a ${}, or "".
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

// position returns the line and column of an offset in the text.
func (t *Template) position(pos int) (line, col int) {
	before := t.text[:min(pos, len(t.text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

// Lines returns the number of lines. The last one may lack its newline.
func (t *Template) Lines() int {
	line, _ := t.position(len(t.text))
	return line
}
