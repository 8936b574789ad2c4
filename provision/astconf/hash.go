package astconf

import (
	"encoding/binary"
	"hash/maphash"
)

// Hash writes the file's warnings and categories with their positions to h, but not the paths of the files that they
// were read from. Two files with the same hash almost certainly have the same content. A nil file and an empty one have
// different hashes.
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
