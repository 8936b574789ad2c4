package dialplan

import (
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"strings"
)

// ref is the inside of a ${}, taken apart:
//
//	ref = name [ "(" args ")" ] [ ":" offset [ ":" length ] ]
type ref struct {
	name  string
	args  string
	call  bool
	noEnd bool // the call's `)` is missing
	part  Part // of the value
}

// parseRef takes the inside of a ${} apart as Asterisk does: the first `:` that is
// outside of parentheses begins the slice; arguments run from the first `(` to the
// last `)`, whatever lies between or behind.
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

// sliceAt is the offset of the `:` that begins the slice, or -1, and whether a `(`
// stands before it.
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

// Part is what a reference gives of a value. The zero Part is all of it.
type Part struct {
	slice  slice
	sliced bool // there is a `:`
}

// Of is the part of a value.
func (p Part) Of(value string) string {
	if !p.sliced {
		return value
	}
	return p.slice.apply(value)
}

// slice is the `:offset:length` of a reference. A negative offset counts from the
// end, a negative length leaves that many off the end.
type slice struct {
	offset, length int
	whole          bool // no length
	bad            bool // no offset either: nothing is cut
}

// parseSlice reads "offset[:length]" as C's scanf("%d:%d") does: spaces and a sign
// may precede each number, what follows it is ignored, and what is not a number is
// as if it were not there.
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
