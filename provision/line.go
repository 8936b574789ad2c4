package provision

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Line is one account of a phone. There are many: what they have in common is in their shape.
type Line struct {
	*common
	record   record
	endpoint *Options // for PP_ENDPOINT; nil: the line has no endpoint
	number   int
	line     int32 // of its section in the file
}

// common is what many lines have.
type common struct {
	shape   *shape
	zone    *time.Location
	general *astconf.Category // for PP_USER: [general] of the section's file where that counts for it
	file    string            // of its section
}

// Section is the name of what it comes from in the configuration: the last value of its record.
func (l *Line) Section() string { return l.record.value(l.record.count() - 1) }

func (l *Line) pos() astconf.Pos { return astconf.Pos{File: l.file, Line: int(l.line)} }

// binding is a variable of a line. The first of a name counts.
type binding struct {
	name, value string
	from        string // a file's name, or what else it comes from
	line        int32  // in the file; 0: not known, or from is no file
}

// shape is what lines have in common whose sections have the same options in the same order.
type shape struct {
	options []string // the names of the section's options, whose values are the first of the record
	vars    []shapeVar
	print   uint64 // of all that is here but for places in files
}

// shapeVar is a variable of a line whose value is in the record, or is the same for all lines of the shape.
type shapeVar struct {
	binding     // without value and line where these are in the record; from is empty for the file of the section
	at      int // in the record, -1: the value is the same for all
}

// own finds a variable that the line's section, its endpoint or the defaults give.
func (l *Line) own(name string) (binding, bool) {
	if v := l.shape.find(name); v != nil {
		return l.binding(v), true
	}
	return binding{}, false
}

// find is the variable of a name; nil: there is none.
func (sh *shape) find(name string) *shapeVar {
	for i := range sh.vars {
		if v := &sh.vars[i]; v.name == name {
			return v
		}
	}
	return nil
}

func (l *Line) binding(v *shapeVar) binding {
	b := v.binding
	if v.at >= 0 {
		b.value, b.line = l.record.value(v.at), l.record.line(v.at)
	}
	if b.from == "" {
		b.from = l.file
	}
	return b
}

// variables are all that own finds, in order.
func (l *Line) variables() iter.Seq[binding] {
	return func(yield func(binding) bool) {
		for i := range l.shape.vars {
			if !yield(l.binding(&l.shape.vars[i])) {
				return
			}
		}
	}
}

// option is the last value of an option that is not empty, of the line's section or else of [general] of its file.
func (l *Line) option(name string) string {
	for i, option := range slices.Backward(l.shape.options) {
		if strings.EqualFold(option, name) {
			if value := l.record.value(i); value != "" {
				return value
			}
		}
	}
	value := ""
	for v := range l.general.Vars() {
		if v.Value != "" && strings.EqualFold(v.Name, name) {
			value = v.Value
		}
	}
	return value
}

// record holds values one after the other in one string, as many strings would take more than their text. Before them
// are, of each, where it begins in the record and its line in its file, 4 bytes each.
type record string

// recordEntry is how many bytes a value takes besides its own.
const recordEntry = 8

func (r record) value(i int) string {
	first := r.number(0)
	start, end := r.number(i*recordEntry), len(r)
	if next := (i + 1) * recordEntry; next < first {
		end = r.number(next)
	}
	return string(r[start:end])
}

// count is how many values there are.
func (r record) count() int {
	if r == "" {
		return 0
	}
	return r.number(0) / recordEntry
}

func (r record) line(i int) int32 { return int32(r.number(i*recordEntry + recordEntry/2)) }

func (r record) number(at int) int {
	return int(r[at]) | int(r[at+1])<<8 | int(r[at+2])<<16 | int(r[at+3])<<24
}
