package dialplan

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// ref is the inside of a ${}, split:
//
//	ref = name [ "(" args ")" ] [ ":" offset [ ":" length ] ]
type ref struct {
	name  string
	args  string
	call  bool
	noEnd bool // the `)` of the call is missing
	part  Part // which part of the value
}

// parseRef splits the inside of a ${} as Asterisk does. The first `:` outside of parentheses begins the slice. The
// arguments stand between the first `(` and the last `)`, whatever lies between and after them.
func parseRef(s string) ref {
	r := ref{}
	head := s
	if at, paren := sliceAt(s); at >= 0 {
		head, r.part = s[:at], Part{parseSlice(s[at+1:]), true}
		r.call = paren
	} else {
		r.call = paren
	}
	r.name = head
	if !r.call {
		return r
	}
	r.name, r.args, _ = strings.Cut(head, "(")
	if end := strings.LastIndexByte(r.args, ')'); end >= 0 {
		r.args = r.args[:end]
	} else {
		r.noEnd = true
	}
	return r
}

// sliceAt returns the index of the `:` that begins the slice, or -1. call reports whether a `(` stands before it.
func sliceAt(s string) (at int, call bool) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
			call = true
		case ')':
			depth--
		case ':':
			if depth == 0 {
				return i, call
			}
		}
	}
	return -1, call
}

// Part is the part of a value that a reference selects. The zero Part selects all of it.
type Part struct {
	slice  slice
	sliced bool // there is a `:`
}

// Of returns the part of a value.
func (p Part) Of(value string) string {
	if !p.sliced {
		return value
	}
	return p.slice.apply(value)
}

// slice is the `:offset:length` of a reference. A negative offset counts from the end. A negative length drops that
// many bytes at the end.
type slice struct {
	offset, length int
	whole          bool // no length
	bad            bool // no offset either: the slice has no effect
}

// parseSlice reads "offset[:length]" as C's scanf("%d:%d") does: spaces and a sign may come before each number, the
// text after it is ignored, and a text that is no number counts as missing.
func parseSlice(s string) slice {
	offset, rest, ok := cnum.ScanInt(s)
	if !ok {
		return slice{whole: true, bad: true}
	}
	if rest, ok = strings.CutPrefix(rest, ":"); ok {
		if length, _, ok := cnum.ScanInt(rest); ok {
			return slice{offset: offset, length: length}
		}
	}
	return slice{offset: offset, whole: true}
}

// apply cuts bytes, not characters, as Asterisk does.
func (s slice) apply(v string) string {
	offset := s.offset
	if offset < 0 {
		offset = max(0, len(v)+offset)
	}
	if offset >= len(v) {
		return ""
	}
	v = v[offset:]
	switch {
	case s.whole:
		return v
	case s.length >= 0:
		return v[:min(s.length, len(v))]
	}
	return v[:max(0, len(v)+s.length)]
}
