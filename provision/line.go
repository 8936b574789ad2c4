package provision

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Line is one account of a phone. There are many lines, so what they have in common is in their shape.
type Line struct {
	*common
	record   record
	endpoint *Options // for PP_ENDPOINT; nil: the line has no endpoint
	number   int
	line     int32 // line number of its section
}

// common is what many lines share.
type common struct {
	shape   *shape
	zone    *time.Location
	general *astconf.Category // for PP_USER: [general] of the section's file, if it applies
	file    string            // that the section is in
}

// Section is the name of the line's section in the configuration. It is the last value of the record.
func (l *Line) Section() string { return l.record.value(l.record.count() - 1) }

func (l *Line) pos() astconf.Pos { return astconf.Pos{File: l.file, Line: int(l.line)} }

// binding is a variable of a line. If several have the same name, the first counts.
type binding struct {
	name, value string
	from        string // name of a file, or another origin
	line        int32  // line number in the file; 0: not known, or from is not a file
}

// shape is what lines share whose sections have the same options in the same order.
type shape struct {
	options []string // names of the section's options; their values are the first of the record
	vars    []shapeVar
	print   uint64 // fingerprint of the shape, without positions in files
}

// shapeVar is a variable of a line. Its value is in the line's record, or it is the same for all lines of the shape.
type shapeVar struct {
	binding     // value and line are not set if they are in the record; an empty from is the section's file
	at      int // index in the record; -1: the value is the same for all lines
}

// own finds a variable that the line's section, its endpoint or the defaults set.
func (l *Line) own(name string) (binding, bool) {
	if v := l.shape.find(name); v != nil {
		return l.binding(v), true
	}
	return binding{}, false
}

// find returns the variable of a name, or nil.
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

// variables returns all variables that own finds, in order.
func (l *Line) variables() iter.Seq[binding] {
	return func(yield func(binding) bool) {
		for i := range l.shape.vars {
			if !yield(l.binding(&l.shape.vars[i])) {
				return
			}
		}
	}
}

// option returns the last value of an option that is not empty: of the line's section, else of [general] of its file.
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

// record stores many values in one string, because separate strings would take more memory than their text. It begins
// with a table: for each value where it begins in the record and its line in its file, 4 bytes each.
type record string

// recordEntry is the size of one entry of the table in bytes.
const recordEntry = 8

func (r record) value(i int) string {
	first := r.number(0)
	start, end := r.number(i*recordEntry), len(r)
	if next := (i + 1) * recordEntry; next < first {
		end = r.number(next)
	}
	return string(r[start:end])
}

// count returns the number of values.
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
