package astconf

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits that Asterisk does not have: it goes on until it has no memory left.
const (
	maxVars     = 4 << 20  // variables of a file; a variable counts for each category that inherits it: 100,000 users with 40 each
	maxAppended = 64 << 20 // bytes copied and variables compared for all += of a file
)

// parser is the state of one Load.
type parser struct {
	*source
	file     *File
	cats     []*category          // with templates
	free     []category           // the rest of the block that newCategory takes from
	byName   map[string]*category // the first category of each name in lower case; nil: not built yet
	pos      Pos                  // of the line being read
	vars     int
	appended int
	opened   *category // the category that was opened last, in any file
	level    int       // the number of open includes and of broken included files
	chunk    chunk
}

// chunk stores the variables of many categories one after the other, which needs fewer allocations than a slice for
// each.
type chunk struct {
	vars  []Var
	of    *category // the category of the last variables
	start int       // the index of that category's first variable
}

// chunkVars is how many variables a chunk has: those of some dozens of users.
const chunkVars = 1024

// append adds variables to a category. They go into the chunk if they are the category's first, or if they follow its
// variables there. Otherwise the category gets a slice of its own.
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

// leave tells the chunk that a category's variables are stored elsewhere from now on.
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

// maxWarnings bounds the memory for warnings, which a binary file could fill.
const maxWarnings = 1000

// linesPerTurn is how many lines are read before the goroutine yields: requests must not wait for its whole time slice
// of 10 ms. So many lines take about 0.1 ms.
const linesPerTurn = 1024

// context is the state that lasts from line to line, and within one #include from file to file (measured).
type context struct {
	cur    *category
	blocks comments
	begun  bool // the first file has begun
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

// parseLine reads one line that is not empty.
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

// directive reads "#name argument". The name is read in any case and ends at white space or at a byte of UTF-8.
func (p *parser) directive(text string) error {
	end := 1
	for end < len(text) && text[end] > ' ' && text[end] < utf8.RuneSelf { // Asterisk takes other bytes for blanks (measured)
		end++
	}
	name, arg := text[1:end], trim(text[min(end+1, len(text)):])
	switch {
	case equalFold(name, "exec"):
		// Asterisk ignores #exec too, unless execincludes=yes. Load runs no programs at all.
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

// unknownDirective warns of an unknown directive. It names the directive only if the line is a single word: a line such
// as "#secret=x" was commented out with "#", and its content must not reach a log.
func (p *parser) unknownDirective(name string) {
	if name == "" || strings.Trim(lowerASCII(name), "abcdefghijklmnopqrstuvwxyz") != "" {
		p.warn(p.pos, "unknown directive was ignored")
		return
	}
	p.warn(p.pos, "unknown directive #%s was ignored", name)
}

// variable reads "name=value", "name=>value" or "name+=value". After a backslash, the first character of the name has
// no special meaning.
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

// addTo appends to the value of last. It keeps the white space after the "+=", unless that value is empty.
//
// The result goes to the first variable that has the name and value of last; if that value is empty, to the first one
// of that name. Case does not matter here. So "x=1, X=1, x+=2" makes the first x=12, and "x=1, x=, x+=2" makes it x=2
// (measured).
func (p *parser) addTo(cur *category, last Var, more string) error {
	most := cmp.Or(p.maxAppended, maxAppended)
	if p.appended += len(last.Value) + len(more) + len(cur.vars); p.appended > most {
		return &Error{Pos: p.pos, Reason: fmt.Sprintf("more than %d bytes copied or variables looked at by +=", most), Err: ErrLimit}
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

// lastExact returns the last variable of that name, among the inherited ones too. Case matters here (measured).
func (c *category) lastExact(name string) *Var {
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i].Name == name {
			return &c.vars[i]
		}
	}
	return nil
}
