package dialplan

import (
	"context"
	"strings"
)

// Where Env.EscapeXML is set, marks tell what a value gave from what the template says: in a value each of the
// characters that XML wants escaped is a control character that XML cannot have. It is a byte for a byte, so that
// lengths, offsets and functions give what they give in Asterisk. At the very end escapeXML makes entities of them.

// special are the characters; the mark of special[i] is i+1.
const special = `&<>"'`

func isMark(c byte) bool { return c >= 1 && c <= byte(len(special)) }

// markOf is the byte that stands for one of a value. Of the control characters XML knows three.
func markOf(c byte) byte {
	switch {
	case c == '&':
		return 1
	case c == '<':
		return 2
	case c == '>':
		return 3
	case c == '"':
		return 4
	case c == '\'':
		return 5
	case c < ' ' && c != '\t' && c != '\n' && c != '\r':
		return '?'
	}
	return c
}

// plainOf is the byte that a mark stands for.
func plainOf(c byte) byte {
	if isMark(c) {
		return special[c-1]
	}
	return c
}

// noMark is a byte of a template's text, where a mark would be a value's.
func noMark(c byte) byte {
	if isMark(c) {
		return '?'
	}
	return c
}

// mapBytes is s with every byte mapped: s itself where none changes.
func mapBytes(s string, to func(byte) byte) string {
	for i := range len(s) {
		if to(s[i]) == s[i] {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			b[i] = to(b[i])
		}
		return string(b)
	}
	return s
}

// mark gives a value its marks, where there are to be any.
func (r *run) mark(value string) string {
	if !r.marking || harmless(value) {
		return value
	}
	marked := mapBytes(value, markOf)
	r.marked = r.marked || marked != value
	return marked
}

// harmless tells at once of most values that they need no mark.
func harmless(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c == '&', c == '<', c == '>', c == '"', c == '\'':
			return false
		}
	}
	return true
}

// plain is a text without marks: what it is in Asterisk.
func (r *run) plain(text string) string {
	if !r.marked {
		return text
	}
	return mapBytes(text, plainOf)
}

// unmarked is the template without what would be taken for a mark.
func (t *Template) unmarked() *Template {
	if !hasMark(t.text) {
		return t
	}
	return Parse(t.name, mapBytes(t.text, noMark))
}

// hasMark looks for bytes that are marks, or would be taken for them. It is for whole files: IndexByte is fast.
func hasMark(text string) bool {
	for i := range len(special) {
		if strings.IndexByte(text, byte(i+1)) >= 0 {
			return true
		}
	}
	return false
}

// marks say how a native function deals with them.
type marks uint8

const (
	unseen  marks = iota // it sees plain text; where that had marks, all of its value is marked
	seen                 // it takes text apart and puts it together again, marks and all
	decoded              // unseen, and what it makes of harmless text may need marks
	escaped              // unseen, and its value needs none
)

// marksOf is the one list of the functions for which it is not unseen.
func marksOf(function string) marks {
	switch function {
	case "BASENAME", "CUT", "DIRNAME", "EVAL", "FILTER", "IF", "IFTIME", "LTRIM", "PASSTHRU", "QUOTE", "REPLACE", "RTRIM",
		"STRREPLACE", "TOLOWER", "TOUPPER", "TRIM":
		return seen
	case "BASE64_DECODE", "JSON_DECODE", "MATH", "URIDECODE":
		return decoded
	case "XML_ESCAPE":
		return escaped
	}
	return unseen
}

// native calls a function of the native table.
func (c *Call) native(ctx context.Context, f *Function) (string, error) {
	run, how := c.ex.run, marksOf(c.Name)
	run.varies.With |= f.varies
	if !run.marking || how == seen {
		return f.run(ctx, c)
	}
	c.unseen = true
	c.Args = c.taken(c.Args)
	v, err := f.run(ctx, c)
	if how == decoded || how == unseen && c.marked {
		return run.mark(v), err
	}
	return mapBytes(v, noMark), err
}

// taken is a value as the function is to see it.
func (c *Call) taken(value string) string {
	if !c.unseen {
		return value
	}
	plain := c.ex.run.plain(value)
	c.marked = c.marked || plain != value
	return plain
}

// Plain is an argument without the marks that tell its values from its text, where Env.EscapeXML is set: what it reads
// as. A Func wants it for what is not put into the file: a name, a MAC.
func (c *Call) Plain(arg string) string { return c.ex.run.plain(arg) }

// Value makes a Func's value out of what is not the template's text: it is escaped where Env.EscapeXML is set.
func (c *Call) Value(text string) Value { return Value{Text: c.ex.run.mark(text)} }

// Marking says whether values get marks here, so that what Expand gives has some.
func (c *Call) Marking() bool { return c.ex.run.marking }

// Reuse makes a Func's value out of what Expand or Include gave to a call of another expansion, with the same Marking.
func (c *Call) Reuse(v Value) Value {
	run := c.ex.run
	run.marked = run.marked || run.marking && hasMark(v.Text)
	return v
}
