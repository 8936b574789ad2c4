package astconf

import (
	"encoding/binary"
	"hash/maphash"
)

// Hash writes all that a file says to h: its warnings and its categories, with their places, but not of which files they were
// read. What has the same hash says the same, to all that is likely. A nil file is unlike an empty one.
func (f *File) Hash(h *maphash.Hash) {
	if f == nil {
		hashNumber(h, 0)
		return
	}
	hashNumber(h, 1+len(f.Warnings))
	for _, w := range f.Warnings {
		w.Pos.hash(h)
		hashText(h, w.Message)
	}
	hashNumber(h, len(f.Categories))
	for _, c := range f.Categories {
		c.hash(h)
	}
}

func (c *Category) hash(h *maphash.Hash) {
	hashText(h, c.Name)
	c.Pos.hash(h)
	hashNumber(h, len(c.Bases))
	for _, base := range c.Bases {
		hashText(h, base)
	}
	hashNumber(h, len(c.vars))
	for _, v := range c.vars {
		hashText(h, v.Name)
		hashText(h, v.Value)
		v.Pos.hash(h)
	}
	hashText(h, c.own.text)
	hashNumber(h, c.own.line)
}

func (p Pos) hash(h *maphash.Hash) {
	hashText(h, p.File)
	hashNumber(h, p.Line)
}

func hashText(h *maphash.Hash, s string) {
	hashNumber(h, len(s))
	h.WriteString(s)
}

func hashNumber(h *maphash.Hash, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}
