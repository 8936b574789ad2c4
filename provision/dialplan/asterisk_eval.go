package dialplan

import (
	"context"
	"fmt"
	"strings"
)

// Evaluation is a call for Asterisk as a text for its EVAL, which makes it again: Before, then the value of `${Ref}`, then
// After. What Before and After give is not the value's beginning and end, unless Ref is empty.
type Evaluation struct {
	Function string // the function that gives the value
	Before   string // what sets variables, and gives nothing
	Ref      string // the inside of the ${} that gives the value; empty: all of Before does
}

// Text is what EVAL is to expand.
func (e Evaluation) Text() string {
	if e.Ref == "" {
		return e.Before
	}
	return e.Before + "${" + e.Ref + "}"
}

// Slice is Text for length bytes of the value from an offset.
func (e Evaluation) Slice(offset, length string) string {
	return e.Before + "${" + e.Ref + ":" + offset + ":" + length + "}"
}

// Evaluate takes a call apart that an Asker was given. ok is false where the text of an EVAL would not make the same call:
// its arguments have a bracket that EVAL would count, or a parenthesis too many.
func Evaluate(call string) (e Evaluation, ok bool) {
	if s, ok := single("${" + call + "}"); ok && s.ref.name != "EVAL" && !s.ref.part.sliced {
		return Evaluation{Function: s.ref.name, Ref: call}, true
	}
	text, isEval := strings.CutPrefix(call, "EVAL(")
	text, closed := strings.CutSuffix(text, ")")
	if !isEval || !closed || text == "" {
		return Evaluation{}, false
	}
	segs := compile(nil, text, 0, 0)
	last := &segs[len(segs)-1]
	if last.open {
		return Evaluation{}, false
	}
	if last.kind != variable || last.sub != nil || !last.ref.call || last.ref.part.sliced {
		return Evaluation{Function: "EVAL", Before: text}, true
	}
	return Evaluation{Function: last.ref.name, Before: text[:last.pos], Ref: last.text}, true
}

// WithVariables is a call that an Asker may be given in place of another: it sees variables, which are set for this one
// evaluation only. ok is false where the value of one cannot be written so that Asterisk takes it as it is; name is that one.
//
// A function that Getvar evaluates has a channel of its own, which exists for that evaluation; what SET sets there nobody
// else sees (measured on 16 and 22). The slice takes away what SET itself gives.
func WithVariables(call string, vars []Variable) (with, name string, ok bool) {
	var text strings.Builder
	for _, v := range vars {
		set := "${SET(" + v.Name + "=" + v.Value + "):0:0}"
		s, ok := single(set)
		if !ok || s.ref.name != "SET" || s.ref.args != v.Name+"="+v.Value || s.ref.part.slice != (slice{}) ||
			v.Value != strings.TrimFunc(v.Value, isBlank) || strings.ContainsAny(v.Name, "=()") || strings.HasPrefix(v.Name, "_") {
			return "", v.Name, false
		}
		text.WriteString(set)
	}
	if _, ok := single("${" + call + "}"); !ok {
		return "", "", false
	}
	return "EVAL(" + text.String() + "${" + call + "})", "", true
}

// Variable is a name with a value.
type Variable struct{ Name, Value string }

// single is the one ${} of a text that has nothing else, if it is a call that Asterisk takes apart as it is written.
func single(text string) (s segment, ok bool) {
	segs := compile(nil, text, 0, 0)
	if len(segs) != 1 {
		return segment{}, false
	}
	s = segs[0]
	whole := s.kind == variable && !s.open && s.sub == nil && s.ref.call && !s.ref.noEnd
	if !whole {
		return segment{}, false
	}
	rest := strings.TrimPrefix(s.text, s.ref.name+"("+s.ref.args+")")
	return s, rest == "" || rest[0] == ':'
}

// Arguments takes the arguments of a call apart as Split does, at another character than a comma.
func Arguments(args string, sep byte, n int) []string { return split(args, args, sep, n, true) }

// Words are the names that a template may use as variables: every word within its brackets, and its functions' names too.
// computed says that there may be others, as a name is put together or a text is expanded once more.
func (t *Template) Words() (words []string, computed bool) {
	t.walk(t.segs, func(s *segment) {
		if s.kind == literal {
			return
		}
		words = append(words, WordsOf(s.text)...)
		computed = computed || strings.HasPrefix(s.text, "EVAL(") || s.computedName()
	})
	return words, computed
}

// computedName tells whether a bracket stands where the name of a variable or function would.
func (s *segment) computedName() bool {
	if s.kind != variable {
		return false
	}
	name, _, _ := strings.Cut(s.text, "(")
	return opening(name) >= 0
}

// WordsOf are the words of a text that may be names.
func WordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Ask lets Asterisk answer the call, as a function of the native table or of Env.Funcs cannot. Asterisk sees the variables.
// The error wraps ErrRefused where the value of one cannot be given.
func (c *Call) Ask(ctx context.Context, vars ...Variable) (string, error) {
	if len(vars) == 0 {
		return c.ask(ctx)
	}
	call, name, ok := WithVariables(c.Name+"("+c.Plain(c.Args)+")", vars)
	switch {
	case !ok && name != "":
		return "", fmt.Errorf("%w: %s needs the variable %s, and Asterisk would not take its value as it is", ErrRefused, c.Name, name)
	case !ok:
		return "", fmt.Errorf("%w: %s needs variables, and Asterisk would not take its arguments as they are", ErrRefused, c.Name)
	}
	return c.asked(ctx, call)
}
