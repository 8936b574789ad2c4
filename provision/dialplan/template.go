package dialplan

import "strings"

// Template is a text compiled for expansion. It never changes after Parse and is safe for concurrent use.
type Template struct {
	name string
	text string
	segs []segment
}

type kind uint8

const (
	literal  kind = iota // text that is appended unchanged
	variable             // ${...}
	express              // $[...]
	tooDeep              // nested deeper than maxParse: evaluating it is ErrTooDeep
)

// maxParse bounds the recursion of Parse, whatever Limits.Depth is.
const maxParse = 256

// segment is a literal, or one ${} or $[].
type segment struct {
	kind kind
	open bool      // the closing bracket is missing
	pos  int       // the position of the `$` in the template's text
	text string    // a literal's text; else the text between the brackets
	ref  ref       // for a variable without anything nested: text, split
	sub  []segment // the segments of text; nil: nothing is nested
}

// Parse compiles a text. name is for diagnostics. Parse never fails: a malformed text is a diagnostic of its expansion,
// as in Asterisk.
func Parse(name, text string) *Template {
	t := &Template{name: name, text: text}
	t.segs = compile(nil, text, 0, 0)
	return t
}

// Name returns the name that Parse was given.
func (t *Template) Name() string { return t.name }

// Variable returns the variable and the part of it if the template is a single ${} that is a plain variable; else "".
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
// Only brackets of the kind that was opened count: `${A]}` and `$[}]` are whole.
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

// bracket returns the segment of one ${} or $[]. pos is the position of its `$`.
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

// opening returns the index of the first `${` or `$[`, or -1.
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

// closing finds the end of a bracket that was opened before from. The inside ends at end, and the text continues at
// next. They are equal if the closing bracket is missing.
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
