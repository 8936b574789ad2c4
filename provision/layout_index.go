package provision

import "hash/maphash"

// index finds items of a list by their names. It is a hash table without pointers, because the garbage collector would
// scan a map of 100,000 names at each run. The zero index is empty. One goroutine fills it; after that it is only read.
type index struct {
	entries []indexEntry
	used    int
}

// indexEntry is unused if number is 0.
type indexEntry struct {
	hash   uint32 // of the item's name
	number uint32 // of the item in the list, from 1
}

var indexSeed = maphash.MakeSeed()

// newIndex returns an index with room for n items.
func newIndex(n int) index {
	var x index
	x.grow(n)
	return x
}

// find returns the number of the item of a name, or -1. nameOf returns the name of an item.
func (x *index) find(name string, nameOf func(number int) string) int {
	return x.findHash(maphash.String(indexSeed, name), func(number int) bool { return nameOf(number) == name })
}

// findBytes is find for a name that is not a string yet.
func (x *index) findBytes(name []byte, nameOf func(number int) string) int {
	return x.findHash(maphash.Bytes(indexSeed, name), func(number int) bool { return nameOf(number) == string(name) })
}

// findHash returns the number of the item whose name has the hash and for which is returns true, or -1.
func (x *index) findHash(hash64 uint64, is func(number int) bool) int {
	if len(x.entries) == 0 {
		return -1
	}
	hash := uint32(hash64)
	for at := x.firstEntry(hash); ; at = (at + 1) % len(x.entries) {
		switch s := x.entries[at]; {
		case s.number == 0:
			return -1
		case s.hash == hash && is(int(s.number-1)):
			return int(s.number - 1)
		}
	}
}

// add adds a name that the index does not have.
func (x *index) add(name string, number int) {
	if 2*(x.used+1) > len(x.entries) {
		x.grow(2 * (x.used + 1))
	}
	x.put(indexEntry{uint32(maphash.String(indexSeed, name)), uint32(number + 1)})
	x.used++
}

// grow makes room for n items. The number of entries is a power of two, and at least twice n.
func (x *index) grow(n int) {
	size := 8
	for size < 2*n {
		size *= 2
	}
	old := x.entries
	x.entries = make([]indexEntry, size)
	for _, s := range old {
		if s.number != 0 {
			x.put(s)
		}
	}
}

func (x *index) put(s indexEntry) {
	at := x.firstEntry(s.hash)
	for x.entries[at].number != 0 {
		at = (at + 1) % len(x.entries)
	}
	x.entries[at] = s
}

func (x *index) firstEntry(hash uint32) int { return int(hash) & (len(x.entries) - 1) }
