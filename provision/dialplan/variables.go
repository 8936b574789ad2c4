package dialplan

import "strings"

// VariableSite is a variable that a template names.
type VariableSite struct {
	Name      string
	Line, Col int // of the `${`; both from 1, Col in bytes
	// Tested: the template asks whether the variable has a value, so it may well have none.
	Tested bool
}

// Variables are the variables whose name stands in the text, in its order: as ${NAME}, or as the first argument of a
// function that takes the name of one. A name that is computed is not among them.
func (t *Template) Variables() []VariableSite {
	var sites []VariableSite
	t.variables(t.segs, false, func(s *segment, name string, tested bool) {
		line, col := t.position(s.pos)
		sites = append(sites, VariableSite{Name: name, Line: line, Col: col, Tested: tested})
	})
	return sites
}

func (t *Template) variables(segs []segment, tested bool, visit func(s *segment, name string, tested bool)) {
	for i := range segs {
		s := &segs[i]
		switch name, args, call := strings.Cut(s.text, "("); {
		case s.kind == express:
			t.variables(s.sub, tested || strings.Contains(s.text, `""`), visit)
			continue
		case s.kind != variable:
			continue
		case !call:
			if name, _, _ = strings.Cut(name, ":"); opening(name) < 0 && name != "" && !s.open {
				visit(s, name, tested)
			}
			t.variables(s.sub, tested, visit)
		default:
			if takesName(name) {
				if first, _, _ := strings.Cut(strings.TrimSuffix(args, ")"), ","); first != "" && opening(first) < 0 {
					visit(s, first, tested || name == "VARIABLE_EXISTS")
				}
			}
			t.arguments(s, name, tested, visit)
		}
	}
}

// arguments visits the variables in a call's arguments. What is before the "?" of IF is its condition.
func (t *Template) arguments(s *segment, function string, tested bool, visit func(s *segment, name string, tested bool)) {
	switch function {
	case "EXISTS", "ISNULL":
		tested = true
	case "IF":
		if end := strings.IndexByte(s.text, '?'); end >= 0 {
			then := 0
			for then < len(s.sub) && s.sub[then].pos < s.pos+len("${")+end {
				then++
			}
			for i := range s.sub[:then] {
				direct := s.sub[i].kind == variable && !strings.Contains(s.sub[i].text, "(")
				t.variables(s.sub[i:i+1], tested || direct, visit)
			}
			t.variables(s.sub[then:], tested, visit)
			return
		}
	}
	t.variables(s.sub, tested, visit)
}

// takesName tells whether the first argument of a native function is the name of a variable.
func takesName(function string) bool {
	for _, f := range functionsOfNames {
		if f == function {
			return true
		}
	}
	return false
}

// functionsOfNames are the native functions whose first argument is the name of a variable, by the table's own words.
var functionsOfNames = func() (names []string) {
	for _, f := range Functions() {
		if first, _, _ := strings.Cut(f.Args, ","); first == "name" {
			names = append(names, f.Name)
		}
	}
	return names
}()

// Unclosed are the places of the text where a `${`, a `$[` or the `(` of a call is not closed, with the message that an
// expansion gives of each. What is behind such a place is taken for a part of it.
func (t *Template) Unclosed() []Diagnostic {
	var found []Diagnostic
	t.walk(t.segs, func(s *segment) {
		line, col := t.position(s.pos)
		if s.open {
			found = append(found, Diagnostic{Template: t.name, Line: line, Col: col, Message: "missing '" + string(s.shut()) + "'"})
		}
		if s.kind == variable && s.sub == nil && s.ref.noEnd {
			found = append(found, Diagnostic{Template: t.name, Line: line, Col: col, Message: "missing ')'"})
		}
	})
	return found
}

// Literals calls yield with each piece of the text that stands for itself, and where it begins.
func (t *Template) Literals(yield func(text string, line, col int)) {
	for i := range t.segs {
		if s := &t.segs[i]; s.kind == literal {
			line, col := t.position(s.pos)
			yield(s.text, line, col)
		}
	}
}

// Blank tells whether the text has nothing but white space, and perhaps a byte order mark.
func (t *Template) Blank() bool { return strings.Trim(t.text, " \t\r\n\ufeff") == "" }

// WrittenCall is a call with its arguments as they are written: what is nested in them is not expanded.
type WrittenCall struct {
	CallSite
	Args string
}

// WrittenCalls are Calls with their arguments.
func (t *Template) WrittenCalls() []WrittenCall {
	var calls []WrittenCall
	t.walk(t.segs, func(s *segment) {
		if s.kind != variable {
			return
		}
		if name, ok := writtenCall(s.text); ok {
			line, col := t.position(s.pos)
			_, args, _ := strings.Cut(s.text, "(")
			if end := strings.LastIndexByte(args, ')'); end >= 0 {
				args = args[:end]
			}
			calls = append(calls, WrittenCall{CallSite{Name: name, Line: line, Col: col}, args})
		}
	})
	return calls
}
