package dialplan

import "strings"

// Templates and what is in their variables hold passwords, and what is said of
// them goes to logs: a message names the place, and quotes nothing but operators
// and the names of functions that stand in the template.

// unnamed stands for a function's name that is not in the template, or none.
const unnamed = "a function"

// functionName is the name of the function that a segment calls, for a message.
func (x *expansion) functionName(s *segment, r *ref) string {
	name, ok := r.name, true
	if s.sub != nil {
		name, ok = writtenCall(s.text)
	}
	if x.computed || !ok || !askable(name) {
		return unnamed
	}
	return name
}

// writtenCall is the function's name where the inside of a ${} is a call of which
// the name stands in the text.
func writtenCall(inside string) (name string, ok bool) {
	if at := opening(inside); at >= 0 {
		inside = inside[:at]
	}
	name, _, call := strings.Cut(inside, "(")
	return name, call && !strings.Contains(name, ":")
}

// String is a token for a message: only an operator shows.
func (t token) String() string {
	switch t.kind {
	case endToken:
		return "end"
	case opToken:
		return `"` + t.text + `"`
	}
	return "word"
}
