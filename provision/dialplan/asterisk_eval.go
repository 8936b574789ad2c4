package dialplan

import (
	"context"
	"fmt"
	"strings"
)

// Evaluation is a call for Asterisk as a text that Asterisk's EVAL expands to the same call: Before, then `${Ref}`.
type Evaluation struct {
	Function string // the function that returns the value
	Before   string // sets variables and expands to nothing; if Ref is empty it expands to the value
	Ref      string // the inside of the ${} that expands to the value; may be empty
}

// Text is the text for EVAL.
func (e Evaluation) Text() string {
	if e.Ref == "" {
		return e.Before
	}
	return e.Before + "${" + e.Ref + "}"
}

// Slice is the text for length bytes of the value, from offset.
func (e Evaluation) Slice(offset, length string) string {
	return e.Before + "${" + e.Ref + ":" + offset + ":" + length + "}"
}

// Evaluate splits a call that an Asker was given. ok is false if EVAL would not make the same call of the text, because
// the arguments have a bracket that EVAL would count, or one parenthesis too many.
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

// WithVariables returns a call that an Asker may be given instead of another one: Asterisk evaluates it with the
// variables set, for this evaluation only. ok is false if Asterisk would not take the value of a variable as it is;
// name is that variable.
//
// Getvar evaluates a function on a channel that exists for that evaluation only, so nobody else sees what SET sets
// there (measured on 16 and 22). The slice removes the value that SET itself returns.
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

// single returns the ${} of a text that has nothing else, if it is a call that Asterisk splits as it is written.
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

// Arguments splits the arguments of a call as Split does, at sep.
func Arguments(args string, sep byte, n int) []string { return split(args, args, sep, n, true) }

// Words returns the words of a template that may be names of variables: all words within its brackets, and the names of
// its functions too. computed reports that there may be other names, because the template computes a name or expands a
// text again.
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

// computedName reports whether the segment computes the name of its variable or function.
func (s *segment) computedName() bool {
	if s.kind != variable {
		return false
	}
	name, _, _ := strings.Cut(s.text, "(")
	return opening(name) >= 0
}

// WordsOf returns the words of a text that may be names.
func WordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Ask asks Asterisk to answer the call, for a Func that cannot. Asterisk sees the variables. The error wraps ErrRefused
// if Asterisk would not take the value of a variable as it is.
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
	return c.askAs(ctx, call)
}
