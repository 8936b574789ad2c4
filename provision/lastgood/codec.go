package lastgood

import (
	"encoding/binary"
	"io"
	"reflect"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// writer appends numbers and texts. A name is a text that repeats: the writer writes it once, and its number
// afterwards.
type writer struct {
	to    io.Writer
	err   error  // the first error of to
	out   []byte // not written yet
	names map[string]uint64
	sets  map[uintptr]uint64 // numbers of shared options
	vars  []astconf.Var      // buffer for the variables of a category
}

// pieceSize is the number of bytes in one write.
const pieceSize = 64 << 10

// flush writes the buffer if it has more than least bytes.
func (w *writer) flush(least int) {
	if len(w.out) > least && w.err == nil {
		_, w.err = w.to.Write(w.out)
	}
	if len(w.out) > least {
		w.out = w.out[:0]
	}
}

func (w *writer) number(n uint64) { w.out = binary.AppendUvarint(w.out, n) }

func (w *writer) flag(is bool) {
	if is {
		w.number(1)
	} else {
		w.number(0)
	}
}

func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	w.out = append(w.out, s...)
}

// name writes 0 and the text the first time. Afterwards it writes the name's number, from 1.
func (w *writer) name(s string) {
	number, known := w.names[s]
	if !known {
		w.names[s] = uint64(len(w.names)) + 1
		w.number(0)
		w.text(s)
		return
	}
	w.number(number)
}

func (w *writer) pos(p astconf.Pos) {
	w.name(p.File)
	w.number(uint64(max(p.Line, 0)))
}

// mapID identifies a map. Endpoints that share options share the map.
func mapID(m map[string]string) uintptr { return reflect.ValueOf(m).Pointer() }

// reader reads what a writer wrote. After a failure it reads zero values.
type reader struct {
	left   string // the text that is not read yet
	names  []string
	sets   []*provision.SharedOptions
	failed bool
}

func (r *reader) fail() { r.left, r.failed = "", true }

func (r *reader) number() uint64 {
	var n uint64
	for i := 0; i < len(r.left) && i < binary.MaxVarintLen64; i++ {
		b := r.left[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.left = r.left[i+1:]
			return n
		}
	}
	r.fail()
	return 0
}

func (r *reader) flag() bool { return r.number() == 1 }

// count reads the number of items that follow. It fails if the number exceeds the bytes left: each item takes at least
// one byte, so a damaged count cannot allocate more than the text's size.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.left)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) str() string {
	n := r.count()
	s := r.left[:n]
	r.left = r.left[n:]
	return s
}

func (r *reader) name() string {
	n := r.number()
	switch {
	case n == 0 && !r.failed:
		s := r.str()
		r.names = append(r.names, s)
		return s
	case n > uint64(len(r.names)), r.failed:
		r.fail()
		return ""
	}
	return r.names[n-1]
}

func (r *reader) pos() astconf.Pos { return astconf.Pos{File: r.name(), Line: int(r.number())} }
