package astconf

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Pos is a place in a file.
type Pos struct {
	File string // as Asterisk names it: relative to the configuration directory if inside, else absolute
	Line int    // from 1; 0 is the file as a whole
}

// String gives "users.conf:12", or "users.conf" where there is no line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Warning is something that Asterisk logs and goes on from.
type Warning struct {
	Pos     Pos
	Message string
}

// String gives "users.conf:12: message".
func (w Warning) String() string { return w.Pos.String() + ": " + w.Message }

// ErrLimit is the Err of an *Error for a file that exceeds a limit of this package, where Asterisk would go on until
// its memory or its stack ends.
var ErrLimit = errors.New("limit exceeded")

// Error says why a file was not loaded.
type Error struct {
	Pos    Pos
	Reason string
	Err    error // nil: Asterisk refuses the file too. Else ErrLimit, or what kept a file from being read.
}

// Error gives "users.conf:12: reason".
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Reason }

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// File is a configuration file with all that it includes.
type File struct {
	Name       string
	Categories []*Category // in order; templates are left out, those of the same name stay apart
	Warnings   []Warning
	// Sources is every path that was read or that an #include or #tryinclude named without a match, in order, each
	// once: as given to Loader.ReadFile.
	Sources []string
	// Dirs is every directory in which a file may appear, change or vanish that would change the result: those of
	// Sources and those that the globs of includes look into. Sorted, each once.
	Dirs []string

	templates map[string]Pos // the categories that are templates, by name
}

// Template finds a template by its name, whose case matters. A file that was not read from a disk knows those that its
// categories name, without their place.
func (f *File) Template(name string) (pos Pos, ok bool) {
	if f == nil || f.Category(name) != nil {
		return Pos{}, false
	}
	if pos, ok = f.templates[name]; ok {
		return pos, true
	}
	for _, c := range f.Categories {
		if slices.Contains(c.Bases, name) {
			return Pos{File: f.Name}, true
		}
	}
	return Pos{}, false
}

// Category is one [section].
type Category struct {
	Name  string   // as written, at most 79 bytes; white space belongs to it
	Pos   Pos      // of its first line
	Bases []string // the templates named in (…), in order, with their own spelling
	vars  []Var
	own   plain // what comes after vars
}

// NewCategory makes a category that was read by other means. The slice is its own from then on.
func NewCategory(name string, pos Pos, bases []string, vars []Var) *Category {
	return &Category{Name: name, Pos: pos, Bases: bases, vars: vars}
}

// Vars are the category's: inherited first, own after; (+,base) inherits in between. They are taken out of the file's text
// each time. A nil category has none.
func (c *Category) Vars() iter.Seq[Var] {
	return func(yield func(Var) bool) {
		if c == nil {
			return
		}
		for _, v := range c.vars {
			if !yield(v) {
				return
			}
		}
		if c.own.text != "" {
			c.own.vars(c.Pos.File)(yield)
		}
	}
}

// Var is one name=value.
type Var struct {
	Name, Value string
	Pos         Pos // of the line that began it; += keeps it, and so does inheritance
}

// Category returns the first category of that name, whose case matters. Nil if there is none, or if f is nil.
func (f *File) Category(name string) *Category {
	if f == nil {
		return nil
	}
	for _, c := range f.Categories {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Last returns the last option of that name in any case: the one that counts in most Asterisk modules. A nil category
// has none.
func (c *Category) Last(name string) (last Var, ok bool) {
	for v := range c.Vars() {
		if strings.EqualFold(v.Name, name) {
			last, ok = v, true
		}
	}
	return last, ok
}

// All returns the options of that name in any case, in order.
func (c *Category) All(name string) []Var {
	var all []Var
	for v := range c.Vars() {
		if strings.EqualFold(v.Name, name) {
			all = append(all, v)
		}
	}
	return all
}

// NewFile makes a file that was read by other means. What it is given is its own from then on.
func NewFile(name string, categories []*Category, warnings []Warning, templates map[string]Pos) *File {
	return &File{Name: name, Categories: categories, Warnings: warnings, templates: templates}
}

// Templates are the categories that are templates, by name, where the file was read from a disk. The map is the file's own.
func (f *File) Templates() map[string]Pos { return f.templates }
