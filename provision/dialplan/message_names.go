package dialplan

import "strings"

// Templates and variables contain passwords, and messages go to logs. So a message names the place, and quotes nothing
// but operators and names of functions that the template spells.

// unnamed stands for the name of a function that the template does not spell.
const unnamed = "a function"

// functionName returns the name of the function that a segment calls, for a message.
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

// writtenCall returns the name of the function if the inside of a ${} is a call that spells it.
func writtenCall(inside string) (name string, ok bool) {
	if at := opening(inside); at >= 0 {
		inside = inside[:at]
	}
	name, _, call := strings.Cut(inside, "(")
	return name, call && !strings.Contains(name, ":")
}

// String returns the token for a message. It shows operators only.
func (t token) String() string {
	switch t.kind {
	case endToken:
		return "end"
	case opToken:
		return `"` + t.text + `"`
	}
	return "word"
}
