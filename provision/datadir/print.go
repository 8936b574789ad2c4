package datadir

import (
	"encoding/binary"
	"hash/maphash"
)

// printSeed makes prints comparable within the process.
var printSeed = maphash.MakeSeed()

// Print identifies a state of a template's file. It is comparable within the process only.
func (t *Template) Print() uint64 {
	var room [128]byte
	text := append(room[:0], t.Name()...)
	text = binary.LittleEndian.AppendUint64(text, uint64(t.info.Size()))
	return maphash.Bytes(printSeed, binary.LittleEndian.AppendUint64(text, uint64(t.info.ModTime().UnixNano())))
}

// Served returns the template that a request would get now, without waiting for a file that is being written. It
// returns nil if there is none.
func (d *Dir) Served(name string) *Template {
	t, _ := d.look(name)
	return t
}
