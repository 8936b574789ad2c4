package astconf

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits that Asterisk lacks: it would go on until its memory ends.
const (
	maxVars     = 4 << 20  // variables of a file, inherited ones counted for each heir: 100,000 users of 40
	maxAppended = 64 << 20 // bytes copied and variables looked at by all += of a file
)

// parser is the state of one Load.
type parser struct {
	*source
	file     *File
	cats     []*category          // templates too
	free     []category           // to be used
	byName   map[string]*category // the first of each name in small letters; nil: not needed so far
	pos      Pos                  // of the line being read
	vars     int
	appended int
	opened   *category // the last one, in any file
	level    int       // of includes that are open, or that a broken file ended
	chunk    chunk
}

// chunk is where variables are put one after the other, so that those of a category take no more than their place.
type chunk struct {
	vars  []Var
	of    *category // whose are the last
	start int       // where its begin
}

// chunkVars is how many variables a chunk has: some dozens of users.
const chunkVars = 1024

// append gives a category more variables: in the chunk those that come first and what follows at once, and by itself one
// that has others from before or for whom the chunk ends.
func (ch *chunk) append(c *category, more ...Var) {
	switch full := len(ch.vars)+len(more) > cap(ch.vars); {
	case len(c.vars) > 0 && (c != ch.of || full):
		c.vars = append(c.vars, more...)
		ch.of = nil
		return
	case len(c.vars) == 0 && full:
		ch.vars = make([]Var, 0, max(chunkVars, len(more)))
		fallthrough
	case len(c.vars) == 0:
		ch.of, ch.start = c, len(ch.vars)
	}
	ch.vars = append(ch.vars, more...)
	c.vars = slices.Clip(ch.vars[ch.start:])
}

// leave is for a category whose variables are elsewhere now.
func (ch *chunk) leave(c *category) {
	if ch.of == c {
		ch.of = nil
	}
}

func (p *parser) warn(pos Pos, format string, args ...any) {
	if len(p.file.Warnings) < maxWarnings {
		p.file.Warnings = append(p.file.Warnings, Warning{pos, fmt.Sprintf(format, args...)})
	}
}

// maxWarnings bounds the memory that a binary file in the wrong place can take.
const maxWarnings = 1000

// linesPerTurn is how many lines are read before others have their turn: requests are not to wait for the 10 ms that a
// goroutine may take. They are some 0.1 ms.
const linesPerTurn = 1024

// context is what carries on from line to line; also, within one #include, from file to file (measured).
type context struct {
	cur    *category
	blocks comments
	begun  bool // the first file was begun
}

// parse reads one file.
func (p *parser) parse(path, data string, ctx *context) error {
	name := p.display(path)
	lines := newReader(data, !ctx.begun)
	ctx.begun = true
	for {
		raw, line, long, ok := lines.next()
		if !ok {
			break
		}
		p.pos = Pos{name, line}
		if line%linesPerTurn == 0 {
			runtime.Gosched()
		}
		if long {
			p.warn(p.pos, "line of more than %d bytes was dropped", maxLine)
			continue
		}
		text, err := ctx.blocks.strip(raw, p.pos)
		if err != nil {
			return &Error{Pos: p.pos, Reason: fmt.Sprintf("%v: more than %d", err, maxNest), Err: ErrLimit}
		}
		if text = trim(text); text == "" {
			continue
		}
		if err := p.parseLine(text, ctx); err != nil {
			return err
		}
		if c := ctx.cur; text[0] == '[' && c.Pos == p.pos && ctx.blocks.level == 0 {
			p.vars += c.own.take(lines, maxVars-p.vars)
		}
	}
	switch {
	case ctx.blocks.level > 0:
		p.warn(ctx.blocks.opened, `comment ";--" is not closed: all that follows is comment`)
	case ctx.blocks.level < 0:
		p.warn(ctx.blocks.opened, `"--;" closes no comment: what follows is taken for one`)
	}
	return nil
}

// parseLine reads a line that is not empty.
func (p *parser) parseLine(text string, ctx *context) (err error) {
	switch {
	case text[0] == '[':
		if ctx.cur, err = p.openCategory(text, p.pos); err == nil {
			p.opened = ctx.cur
		}
		return err
	case text[0] == '#':
		return p.directive(text)
	case ctx.cur == nil:
		return &Error{Pos: p.pos, Reason: "a line before the first [category]"}
	}
	return p.variable(text, ctx.cur)
}

// directive reads "#name argument". The name is in any case and ends at white space or a byte of UTF-8.
func (p *parser) directive(text string) error {
	end := 1
	for end < len(text) && text[end] > ' ' && text[end] < utf8.RuneSelf { // another byte is taken for a blank (measured)
		end++
	}
	name, arg := text[1:end], trim(text[min(end+1, len(text)):])
	switch {
	case equalFold(name, "exec"):
		// As Asterisk does unless execincludes=yes, which we do not follow: we run no programs.
		p.warn(p.pos, "#exec was ignored: no program is run")
		return nil
	case !equalFold(name, "include") && !equalFold(name, "tryinclude"):
		p.unknownDirective(name)
		return nil
	case arg == "":
		p.warn(p.pos, "#%s without a file name was ignored", name)
		return nil
	}
	return p.include(unquote(arg), equalFold(name, "include"))
}

// unknownDirective names the directive if it is a word alone. Else it is a line that someone took out with "#", as in
// "#secret=x", and no part of it is for a log.
func (p *parser) unknownDirective(name string) {
	if name == "" || strings.Trim(lowerASCII(name), "abcdefghijklmnopqrstuvwxyz") != "" {
		p.warn(p.pos, "unknown directive was ignored")
		return
	}
	p.warn(p.pos, "unknown directive #%s was ignored", name)
}

// variable reads "name=value", "name=>value" or "name+=value". A backslash before the name takes the meaning from its
// first character.
func (p *parser) variable(text string, cur *category) error {
	escaped := 0
	if text[0] == '\\' {
		if text = text[1:]; text == "" || text[0] <= ' ' || text[0] >= 0x80 {
			return &Error{Pos: p.pos, Reason: `a backslash must be followed by a printable character`}
		}
		escaped = 1
	}
	eq := strings.IndexByte(text[escaped:], '=')
	if eq < 0 {
		p.warn(p.pos, `a line without "=" was ignored`)
		return nil
	}
	eq += escaped
	name, value := text[:eq], text[eq+1:]
	add := eq > escaped && name[eq-1] == '+'
	if add {
		name = name[:eq-1]
	} else {
		value = trimValue(value)
	}
	if name = trim(name); name == "" {
		p.warn(p.pos, `a line without a name before the "=" was ignored`)
		return nil
	}
	p.unfold(cur)
	if add {
		if last := cur.lastExact(name); last != nil {
			return p.addTo(cur, *last, value)
		}
		value = trim(value)
	}
	if p.vars++; p.vars > maxVars {
		return &Error{Pos: p.pos, Reason: fmt.Sprintf("more than %d variables", maxVars), Err: ErrLimit}
	}
	p.chunk.append(cur, Var{name, value, p.pos})
	return nil
}

// addTo appends to the value of last: with the white space that follows the "+=", unless that value is empty.
//
// But the variable that gets the result is the first of that name and that value, or of that name whatever its value
// where that of last is empty; and here case does not matter. So of "x=1, X=1, x+=2" the first becomes x=12, and of
// "x=1, x=, x+=2" it becomes x=2 (measured).
func (p *parser) addTo(cur *category, last Var, more string) error {
	if p.appended += len(last.Value) + len(more) + len(cur.vars); p.appended > maxAppended {
		return &Error{Pos: p.pos, Reason: fmt.Sprintf("more than %d bytes copied or variables looked at by +=", maxAppended), Err: ErrLimit}
	}
	if cur.shared {
		cur.vars, cur.shared = slices.Clone(cur.vars), false
		p.chunk.leave(cur)
	}
	for i := range cur.vars {
		v := &cur.vars[i]
		if equalFold(v.Name, last.Name) && (last.Value == "" || equalFold(v.Value, last.Value)) {
			v.Name, v.Value = last.Name, trim(last.Value+more)
			break
		}
	}
	return nil
}

// lastExact is the last variable of that name, inherited ones too; the case of the name matters here (measured).
func (c *category) lastExact(name string) *Var {
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i].Name == name {
			return &c.vars[i]
		}
	}
	return nil
}
