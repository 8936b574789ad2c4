package dialplan

import "strings"

// VariableSite is a variable that a template names.
type VariableSite struct {
	Name      string
	Line, Col int // of the `${`, from 1; Col in bytes
	// Tested: the template tests whether the variable has a value, so it may be missing on purpose.
	Tested bool
}

// Variables returns the variables that the text spells, in order: as ${NAME}, or as the first argument of a function
// that takes a name. It does not return computed names.
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

// arguments visits the variables in a call's arguments. The text before the "?" of IF is its condition.
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

// takesName reports whether the first argument of a native function is the name of a variable.
func takesName(function string) bool {
	for _, f := range functionsOfNames {
		if f == function {
			return true
		}
	}
	return false
}

// functionsOfNames are the native functions whose first argument is the name of a variable, according to the table.
var functionsOfNames = func() (names []string) {
	for _, f := range Functions() {
		if first, _, _ := strings.Cut(f.Args, ","); first == "name" {
			names = append(names, f.Name)
		}
	}
	return names
}()

// Unclosed returns the places where a `${`, a `$[` or the `(` of a call is not closed, with the message of an
// expansion. The text after such a place becomes a part of it.
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

// Literals calls yield with each literal text and where it begins.
func (t *Template) Literals(yield func(text string, line, col int)) {
	for i := range t.segs {
		if s := &t.segs[i]; s.kind == literal {
			line, col := t.position(s.pos)
			yield(s.text, line, col)
		}
	}
}

// Blank reports whether the text has only white space, and perhaps a byte order mark.
func (t *Template) Blank() bool { return strings.Trim(t.text, " \t\r\n\ufeff") == "" }

// WrittenCall is a call with its arguments as the template spells them, not expanded.
type WrittenCall struct {
	CallSite
	Args string
}

// WrittenCalls returns Calls with their arguments.
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
