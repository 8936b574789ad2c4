package dialplan

import (
	"context"
	"strings"
)

// With Env.EscapeXML, marks distinguish the bytes of values from those of the template. In a value, each character that
// XML wants escaped is replaced by a mark: a control character that XML cannot have. A mark is one byte for one byte,
// so lengths, offsets and functions give what they give in Asterisk. In the end escapeXML replaces the marks by
// entities.

// special are the characters that have marks. The mark of special[i] is i+1.
const special = `&<>"'`

func isMark(c byte) bool { return c >= 1 && c <= byte(len(special)) }

// markOf returns the byte that stands for a byte of a value. XML allows three control characters only; any other
// becomes a question mark.
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

// plainOf returns the byte that a mark stands for.
func plainOf(c byte) byte {
	if isMark(c) {
		return special[c-1]
	}
	return c
}

// noMark replaces a byte of a template's text that would be taken for a mark.
func noMark(c byte) byte {
	if isMark(c) {
		return '?'
	}
	return c
}

// mapBytes maps every byte of s. It returns s itself if none changes.
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

// mark adds marks to a value, if marks are used.
func (r *run) mark(value string) string {
	if !r.marking || harmless(value) {
		return value
	}
	marked := mapBytes(value, markOf)
	r.marked = r.marked || marked != value
	return marked
}

// harmless reports quickly that a value needs no mark, which is true for most.
func harmless(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c == '&', c == '<', c == '>', c == '"', c == '\'':
			return false
		}
	}
	return true
}

// plain removes the marks from a text: the result is the text as Asterisk has it.
func (r *run) plain(text string) string {
	if !r.marked {
		return text
	}
	return mapBytes(text, plainOf)
}

// unmarked returns the template without bytes that would be taken for marks.
func (t *Template) unmarked() *Template {
	if !hasMark(t.text) {
		return t
	}
	return Parse(t.name, mapBytes(t.text, noMark))
}

// hasMark reports whether a text has bytes that are marks, or would be taken for them. It searches whole files with
// IndexByte, which is fast.
func hasMark(text string) bool {
	for i := range len(special) {
		if strings.IndexByte(text, byte(i+1)) >= 0 {
			return true
		}
	}
	return false
}

// marks says how a native function treats marks.
type marks uint8

const (
	unseen  marks = iota // it gets plain text; if an argument had marks, its whole value is marked
	seen                 // it rearranges text and passes marks on
	decoded              // like unseen, and it may make special characters of harmless text
	escaped              // like unseen, and its value needs no marks
)

// marksOf lists the functions that are not unseen.
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
	c.Args = c.seenByFunction(c.Args)
	v, err := f.run(ctx, c)
	if how == decoded || how == unseen && c.marked {
		return run.mark(v), err
	}
	return mapBytes(v, noMark), err
}

// seenByFunction returns a text as the function may see it.
func (c *Call) seenByFunction(value string) string {
	if !c.unseen {
		return value
	}
	plain := c.ex.run.plain(value)
	c.marked = c.marked || plain != value
	return plain
}

// Plain returns an argument without its marks. A Func needs it for an argument that does not go into the file, such as
// a name or a MAC.
func (c *Call) Plain(arg string) string { return c.ex.run.plain(arg) }

// Value makes a Func's value of a text that is not the template's. It is escaped if Env.EscapeXML is set.
func (c *Call) Value(text string) Value { return Value{Text: c.ex.run.mark(text)} }

// Marking reports whether values get marks, so that the results of Expand have some.
func (c *Call) Marking() bool { return c.ex.run.marking }

// Reuse makes a Func's value of a result that Expand or Include returned in another expansion with the same Marking.
func (c *Call) Reuse(v Value) Value {
	run := c.ex.run
	run.marked = run.marked || run.marking && hasMark(v.Text)
	return v
}
