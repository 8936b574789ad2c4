package astconf

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Pos is a position in a file.
type Pos struct {
	File string // as Asterisk names it: relative to the configuration directory if the file is inside, else absolute
	Line int    // from 1; 0: the file as a whole
}

// String returns "users.conf:12", or "users.conf" without a line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Warning is something that Asterisk logs before it goes on.
type Warning struct {
	Pos     Pos
	Message string
}

// String returns "users.conf:12: message".
func (w Warning) String() string { return w.Pos.String() + ": " + w.Message }

// ErrLimit is the Err of an *Error for a file that exceeds a limit of this package. Asterisk would go on until it has
// no memory or no stack left.
var ErrLimit = errors.New("limit exceeded")

// Error says why a file was not loaded.
type Error struct {
	Pos    Pos
	Reason string
	Err    error // nil: Asterisk refuses the file too; else ErrLimit, or why a file cannot be read
}

// Error returns "users.conf:12: reason".
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Reason }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// File is a configuration file with all files that it includes.
type File struct {
	Name       string
	Categories []*Category // in order, without templates; categories of the same name stay separate
	Warnings   []Warning
	// Sources are the paths that were read, and those that an #include or #tryinclude named without a match: in order,
	// each once, as passed to Loader.ReadFile.
	Sources []string
	// Dirs are the directories in which a file that appears, changes or vanishes would change the result: those of
	// Sources, and those that the globs of includes search. Sorted, each once.
	Dirs []string

	templates map[string]Pos // the positions of the templates, by name
}

// Template finds a template by its name, with case. A file that was not read from a disk only knows the templates that
// its categories name, without their positions.
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
	Name  string   // as written, at most 79 bytes; white space is a part of it
	Pos   Pos      // of the category's first line
	Bases []string // the templates named in (…), in order, spelled as there
	vars  []Var
	own   plain // the variables after vars, unparsed
}

// NewCategory returns a category whose variables were not read from a file. It takes over the slice.
func NewCategory(name string, pos Pos, bases []string, vars []Var) *Category {
	return &Category{Name: name, Pos: pos, Bases: bases, vars: vars}
}

// Vars are the category's variables: first the inherited ones, then its own. With (+,base) the inherited ones stand in
// between. Vars parses the file's text at each call. A nil category has none.
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
	Pos         Pos // of the line that began the variable; += and inheritance keep it
}

// Category returns the first category of that name, with case. It is nil if there is none, or if f is nil.
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

// Last returns the last option of that name, in any case. Most Asterisk modules use that one. A nil category has none.
func (c *Category) Last(name string) (last Var, ok bool) {
	for v := range c.Vars() {
		if strings.EqualFold(v.Name, name) {
			last, ok = v, true
		}
	}
	return last, ok
}

// NewFile makes a file that was read by other means. What it is given is its own from then on.
func NewFile(name string, categories []*Category, warnings []Warning, templates map[string]Pos) *File {
	return &File{Name: name, Categories: categories, Warnings: warnings, templates: templates}
}

// Templates are the categories that are templates, by name, where the file was read from a disk. The map is the file's own.
func (f *File) Templates() map[string]Pos { return f.templates }
