package lastgood

import (
	"encoding/binary"
	"io"
	"reflect"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// writer appends numbers and texts. A name is a text that comes often: it is written the first time, and its number after.
type writer struct {
	to    io.Writer
	err   error  // of to
	out   []byte // not written yet
	names map[string]uint64
	sets  map[uintptr]uint64 // of shared options
	vars  []astconf.Var      // room for those of a category
}

// pieceSize is how many bytes are written at once.
const pieceSize = 64 << 10

// flush writes what there is, if it is more than least bytes.
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

// name writes 0 and the text the first time, and from then on the number of the name, from 1.
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

// mapID tells maps apart: endpoints that share options have the same map.
func mapID(m map[string]string) uintptr { return reflect.ValueOf(m).Pointer() }

// reader reads what a writer wrote. After a failure it reads zero values.
type reader struct {
	left   string // to be read
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

// count is a number of things that follow. Each takes a byte at least, so no count makes more room than the text has.
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
