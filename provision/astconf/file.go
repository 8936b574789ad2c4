package astconf

import (
	"errors"
	"fmt"
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
}

// Category is one [section].
type Category struct {
	Name  string   // as written, at most 79 bytes; white space belongs to it
	Pos   Pos      // of its first line
	Bases []string // the templates named in (…), in order, with their own spelling
	Vars  []Var    // inherited first, own after; (+,base) inherits in between
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
func (c *Category) Last(name string) (Var, bool) {
	if c == nil {
		return Var{}, false
	}
	for i := len(c.Vars) - 1; i >= 0; i-- {
		if strings.EqualFold(c.Vars[i].Name, name) {
			return c.Vars[i], true
		}
	}
	return Var{}, false
}

// All returns the options of that name in any case, in order.
func (c *Category) All(name string) []Var {
	if c == nil {
		return nil
	}
	var all []Var
	for _, v := range c.Vars {
		if strings.EqualFold(v.Name, name) {
			all = append(all, v)
		}
	}
	return all
}
