package astconf

import (
	"iter"
	"runtime"
	"slices"
	"strings"
)

// plain are lines of a category that were looked at but are taken apart only when they are asked for: those of 100,000
// users would take three times their text. Each is one "name=value" or nothing, whatever the lines around it are.
type plain struct {
	text string
	line int // of the first
}

// take takes the plain lines that come next, but for more than most variables.
func (p *plain) take(r *reader, most int) (vars int) {
	size, lines := 0, 0
	for size < len(r.text) {
		line, next := r.text[size:min(len(r.text), size+maxLine)], 0
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line, next = line[:end], end+1
		} else if next = len(line); size+next < len(r.text) {
			break // it is too long, or nearly so
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
		return 0 // a line ends elsewhere, or a comment that may not end with its line
	}
	*p = plain{text, r.line}
	r.text, r.line = r.text[size:], r.line+lines
	return vars
}

// plainLine says how many variables a line is, 0 or 1, and whether that is all there is to it.
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

// vars are the variables that the lines are.
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

// trimValue is what a variable of "=" or "=>" has, without the "=".
func trimValue(value string) string { return trim(strings.TrimPrefix(value, ">")) }

// unfold takes the plain lines of a category apart, as more is to come, or others go by them.
func (p *parser) unfold(c *category) {
	if c.own.text == "" {
		return
	}
	c.vars = slices.AppendSeq(slices.Clip(c.vars), c.own.vars(c.Pos.File))
	c.own = plain{}
	p.chunk.leave(c)
}
