package astconf

import (
	"iter"
	"runtime"
	"slices"
	"strings"
)

// plain are consecutive simple lines of a category. Each has one "name=value" or nothing, whatever the lines around it
// are. They are checked when the file is read and parsed when somebody asks for them: parsed, the lines of 100,000
// users would take three times the memory.
type plain struct {
	text string
	line int // the number of the first line
}

// take takes the simple lines at the reader's position. It returns how many variables they have, at most most.
func (p *plain) take(r *reader, most int) (vars int) {
	size, lines := 0, 0
	for size < len(r.text) {
		line, next := r.text[size:min(len(r.text), size+maxLine)], 0
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line, next = line[:end], end+1
		} else if next = len(line); size+next < len(r.text) {
			break // the line is too long, or nearly
		}
		is, ok := plainLine(line)
		if !ok || is > most-vars {
			break
		}
		vars += is
		size += next
		if lines++; lines%linesPerTurn == 0 {
			runtime.Gosched()
		}
	}
	text := r.text[:size]
	if strings.IndexByte(text, 0) >= 0 || strings.IndexByte(text, ';') >= 0 && strings.Contains(text, "--") {
		return 0 // the line ends elsewhere, or has a comment that may go beyond it
	}
	*p = plain{text, r.line}
	r.text, r.line = r.text[size:], r.line+lines
	return vars
}

// plainLine returns how many variables a line has, 0 or 1. ok reports whether the line is simple.
func plainLine(line string) (vars int, ok bool) {
	line = trim(line)
	if line == "" || line[0] == ';' {
		return 0, true
	}
	eq := strings.IndexByte(line, '=')
	switch {
	case line[0] == '[', line[0] == '#', line[0] == '\\', eq <= 0, line[eq-1] == '+', strings.IndexByte(line[:eq], ';') >= 0:
		return 0, false
	}
	return 1, true
}

// vars parses the lines into variables.
func (p *plain) vars(file string) iter.Seq[Var] {
	return func(yield func(Var) bool) {
		n := p.line - 1
		var none comments
		for line := range strings.SplitSeq(p.text, "\n") {
			n++
			text, err := none.strip(line, Pos{})
			if text = trim(text); text == "" || err != nil {
				continue
			}
			name, value, _ := strings.Cut(text, "=")
			if !yield(Var{trim(name), trimValue(value), Pos{file, n}}) {
				return
			}
		}
	}
}

// trimValue returns the value of a variable that was written with "=" or "=>", without the "=".
func trimValue(value string) string { return trim(strings.TrimPrefix(value, ">")) }

// unfold parses the simple lines of a category into vars, before vars is changed or inherited.
func (p *parser) unfold(c *category) {
	if c.own.text == "" {
		return
	}
	c.vars = slices.AppendSeq(slices.Clip(c.vars), c.own.vars(c.Pos.File))
	c.own = plain{}
	p.chunk.leave(c)
}
