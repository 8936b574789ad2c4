package astconf

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxName is the longest category name in bytes; Asterisk cuts the rest off (measured).
const maxName = 79

// category is a Category while its file is being read.
type category struct {
	Category
	template bool
	shared   bool      // other categories use vars too: copy it before changing it
	next     *category // the next category of the same name, in any case
	last     *category // in the first category of a name: the last one of that name
}

// openCategory reads "[name]" or "[name](options)" and returns the category that the next lines belong to. It ignores
// what follows on the line, and options that do not follow the bracket at once.
func (p *parser) openCategory(text string, pos Pos) (*category, error) {
	end := strings.IndexByte(text, ']')
	if end < 0 {
		return nil, &Error{Pos: pos, Reason: `no closing "]"`}
	}
	written, rest := text[1:end], text[end+1:]
	name := written
	if len(name) > maxName {
		name = name[:maxName]
		p.warn(pos, "category name is too long and was cut to %q", name)
	}
	c := p.newCategory()
	c.Name, c.Pos = name, pos
	if !strings.HasPrefix(rest, "(") {
		p.add(c)
		return c, nil
	}
	options, _, ok := strings.Cut(rest[1:], ")")
	if !ok {
		return nil, &Error{Pos: pos, Reason: `no closing ")"`}
	}
	return p.applyOptions(c, written, strings.Split(options, ","))
}

// newCategory returns a new category. Categories are allocated in blocks.
func (p *parser) newCategory() *category {
	if len(p.free) == 0 {
		p.free = make([]category, min(max(8, len(p.cats)), maxFree))
	}
	c := &p.free[0]
	p.free = p.free[1:]
	return c
}

// maxFree is how many categories one block has.
const maxFree = 256

// applyOptions applies the options in order: "!" makes the category a template, "+" continues the first category of
// that name, and any other option is a category to inherit from.
//
// A new category may have inherited variables before the "+". They go to the category that is continued; the names of
// the bases do not. After the "+" only bases count. The "+" looks for the name as written, so it does not find a name
// that was cut (all measured).
func (p *parser) applyOptions(c *category, written string, options []string) (*category, error) {
	isNew := true
	for _, option := range options {
		switch {
		case option == "!":
			c.template = true
		case strings.HasPrefix(option, "+"):
			found, err := p.findToExtend(written, option[1:])
			if err != nil {
				return nil, err
			}
			if isNew {
				p.unfold(found)
				p.chunk.append(found, c.vars...)
				found.template = found.template || c.template
				isNew = false
			}
			c, p.opened = found, found
		default:
			if err := p.inherit(c, option); err != nil {
				return nil, err
			}
		}
	}
	if isNew {
		p.add(c)
	}
	return c, nil
}

// inherit copies the variables that the first category of that name has so far. It may be a template or not. Case does
// not matter, and an empty name means the first category of the file (measured).
func (p *parser) inherit(c *category, name string) error {
	base := p.first(name)
	if base == nil {
		base, _, _ := strings.Cut(name, "=") // name may be a filter without its "+": its value may be a secret
		return &Error{Pos: p.pos, Reason: fmt.Sprintf("category %q inherits from %q, which does not exist", c.Name, base)}
	}
	if base == c {
		// Asterisk 22 loops for ever (measured on 22 only).
		return &Error{Pos: p.pos, Reason: fmt.Sprintf("category %q inherits from itself", c.Name), Err: ErrLimit}
	}
	p.unfold(base)
	p.unfold(c)
	if p.vars += len(base.vars); p.vars > maxVars {
		return &Error{Pos: p.pos, Reason: fmt.Sprintf("more than %d variables", maxVars), Err: ErrLimit}
	}
	c.Bases = append(c.Bases, base.Name)
	if len(c.vars) == 0 { // the common case: 100,000 users share their template's variables
		c.vars, c.shared, base.shared = slices.Clip(base.vars), true, true
		p.chunk.leave(c)
		return nil
	}
	p.chunk.append(c, base.vars...)
	return nil
}

func (p *parser) add(c *category) {
	p.cats = append(p.cats, c)
	if p.byName != nil {
		p.index(c)
	}
}

// index adds a category to byName.
func (p *parser) index(c *category) {
	name := lowerASCII(c.Name)
	first := p.byName[name]
	if first == nil {
		p.byName[name], c.last = c, c
		return
	}
	first.last.next, first.last = c, c
}

// first returns the first category of a name, in any case. For an empty name it returns the first category of the file.
func (p *parser) first(name string) *category {
	if name == "" && len(p.cats) > 0 {
		return p.cats[0]
	}
	if p.byName == nil { // the first lookup by name builds the index
		p.byName = map[string]*category{}
		for _, c := range p.cats {
			p.index(c)
		}
	}
	return p.byName[lowerASCII(name)]
}

// named returns the categories of a name, in any case. For an empty name it returns all.
func (p *parser) named(name string) []*category {
	if name == "" {
		return p.cats
	}
	var named []*category
	for c := p.first(name); c != nil; c = c.next {
		named = append(named, c)
	}
	return named
}

// findToExtend returns the category that "+" or "+filter" continues: the first one of that name, in any case, that the
// filter accepts.
func (p *parser) findToExtend(name, filter string) (*category, error) {
	accept, err := parseFilter(filter)
	if err != nil {
		return nil, &Error{Pos: p.pos, Reason: fmt.Sprintf("category %q: the filter after \"+\" %v", name, err)}
	}
	for _, c := range p.named(name) {
		if accept(c) {
			return c, nil
		}
	}
	return nil, &Error{Pos: p.pos, Reason: fmt.Sprintf("category %q cannot be added to, as it does not exist", name)}
}

// parseFilter reads "name_regex=value_regex", "TEMPLATES=include" or "TEMPLATES=restrict". The expressions need not
// match the whole name and value. Without a filter, templates are not accepted (measured).
func parseFilter(filter string) (accept func(*category) bool, err error) {
	if filter == "" {
		return func(c *category) bool { return !c.template }, nil
	}
	name, value, ok := strings.Cut(filter, "=")
	if !ok {
		return nil, errors.New(`has no "="`)
	}
	name, value = trim(name), trim(value)
	switch {
	case name == "TEMPLATES" && equalFold(value, "include"):
		return func(*category) bool { return true }, nil
	case name == "TEMPLATES" && equalFold(value, "restrict"):
		return func(c *category) bool { return c.template }, nil
	}
	nameRE, nameErr := regexp.CompilePOSIX(name)
	valueRE, valueErr := regexp.CompilePOSIX(value)
	if nameErr != nil || valueErr != nil { // these errors quote the expression, which may be a secret
		return nil, errors.New("is no regular expression")
	}
	return func(c *category) bool {
		for v := range c.Vars() {
			if !c.template && nameRE.MatchString(v.Name) && valueRE.MatchString(v.Value) {
				return true
			}
		}
		return false
	}, nil
}
