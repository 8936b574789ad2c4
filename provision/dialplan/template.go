package dialplan

import "strings"

// Template is a text compiled for expansion. It never changes after Parse and is
// safe for concurrent use.
type Template struct {
	name string
	text string
	segs []segment
}

type kind uint8

const (
	literal  kind = iota // text, appended as it is
	variable             // ${...}
	express              // $[...]
	tooDeep              // nested deeper than maxParse: ErrTooDeep when it is reached
)

// maxParse bounds the recursion of Parse, whatever Limits.Depth a caller asks for.
const maxParse = 256

// segment is a literal, or one ${} or $[].
type segment struct {
	kind kind
	open bool      // the closing bracket is missing
	pos  int       // of the `$`, in the template's text
	text string    // literal: the text; else what is between the brackets
	ref  ref       // variable without anything nested: text, taken apart
	sub  []segment // what is nested in text; nil: nothing
}

// Parse compiles a text. name is for diagnostics. It never fails: what is
// malformed is a diagnostic of Expand and goes on, as in Asterisk.
func Parse(name, text string) *Template {
	t := &Template{name: name, text: text}
	t.segs = compile(nil, text, 0, 0)
	return t
}

// Name is the name given to Parse.
func (t *Template) Name() string { return t.name }

// Variable is the name of the variable that is all that the template has, and the part of it that it gives; empty: it is
// another template.
func (t *Template) Variable() (name string, part Part) {
	if len(t.segs) != 1 {
		return "", Part{}
	}
	s := &t.segs[0]
	if !s.isVariable() {
		return "", Part{}
	}
	return s.ref.name, s.ref.part
}

// compile appends the segments of text, which begins at base in the template.
//
//	text     = { literal | "${" inside "}" | "$[" inside "]" }
//	inside   = text in which the bracket's own kind is balanced
//
// Only the kind that was opened is counted: `${A]}` and `$[}]` are whole.
func compile(segs []segment, text string, base, depth int) []segment {
	for text != "" {
		at := opening(text)
		if at < 0 {
			return append(segs, segment{kind: literal, pos: base, text: text})
		}
		if at > 0 {
			segs = append(segs, segment{kind: literal, pos: base, text: text[:at]})
		}
		end, next := closing(text, at+2, text[at+1])
		segs = append(segs, bracket(text[at+1], text[at+2:end], base+at, depth, end == next))
		text, base = text[next:], base+next
	}
	return segs
}

// bracket is the segment of one ${} or $[] whose `$` is at pos.
func bracket(open byte, inside string, pos, depth int, unclosed bool) segment {
	s := segment{kind: variable, open: unclosed, pos: pos, text: inside}
	if open == '[' {
		s.kind = express
	}
	switch {
	case depth >= maxParse:
		s.kind = tooDeep
	case opening(inside) >= 0:
		s.sub = compile(nil, inside, pos+2, depth+1)
	case s.kind == variable:
		s.ref = parseRef(inside)
	}
	return s
}

// opening is the offset of the first `${` or `$[`, or -1.
func opening(text string) int {
	for from := 0; ; {
		at := strings.IndexByte(text[from:], '$')
		if at < 0 || from+at+1 >= len(text) {
			return -1
		}
		at += from
		if c := text[at+1]; c == '{' || c == '[' {
			return at
		}
		from = at + 1
	}
}

// closing finds the end of what was opened before from: end is where the inside
// ends, next where the text goes on. They are equal when the bracket is missing.
func closing(text string, from int, open byte) (end, next int) {
	shut := byte('}')
	if open == '[' {
		shut = ']'
	}
	depth := 1
	for i := from; i < len(text); i++ {
		switch text[i] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i, i + 1
			}
		}
	}
	return len(text), len(text)
}
