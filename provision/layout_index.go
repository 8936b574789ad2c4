package provision

import "hash/maphash"

// index finds things of a list by their names. There are 100,000s, and they have no pointers here: the collector looks at all
// of a map of as many each time that it runs. The zero index is empty. It is written to by one goroutine, and then by none.
type index struct {
	slots []slot
	used  int
}

// slot is free where number is 0.
type slot struct {
	hash   uint32 // of the name
	number uint32 // in the list, from 1
}

var indexSeed = maphash.MakeSeed()

// newIndex has room for n.
func newIndex(n int) index {
	var x index
	x.grow(n)
	return x
}

// find is the number of the thing of a name in the list; -1: there is none. nameOf tells what one is called.
func (x *index) find(name string, nameOf func(number int) string) int {
	return x.findHash(maphash.String(indexSeed, name), func(number int) bool { return nameOf(number) == name })
}

// findBytes is find of a name that is no string yet.
func (x *index) findBytes(name []byte, nameOf func(number int) string) int {
	return x.findHash(maphash.Bytes(indexSeed, name), func(number int) bool { return nameOf(number) == string(name) })
}

// findHash is the number of the thing whose name has the hash, and that is the one.
func (x *index) findHash(hash64 uint64, is func(number int) bool) int {
	if len(x.slots) == 0 {
		return -1
	}
	hash := uint32(hash64)
	for at := x.place(hash); ; at = (at + 1) % len(x.slots) {
		switch s := x.slots[at]; {
		case s.number == 0:
			return -1
		case s.hash == hash && is(int(s.number-1)):
			return int(s.number - 1)
		}
	}
}

// add is for a name that is not there.
func (x *index) add(name string, number int) {
	if 2*(x.used+1) > len(x.slots) {
		x.grow(2 * (x.used + 1))
	}
	x.put(slot{uint32(maphash.String(indexSeed, name)), uint32(number + 1)})
	x.used++
}

// grow makes room for n: twice as many slots, and a power of two.
func (x *index) grow(n int) {
	size := 8
	for size < 2*n {
		size *= 2
	}
	old := x.slots
	x.slots = make([]slot, size)
	for _, s := range old {
		if s.number != 0 {
			x.put(s)
		}
	}
}

func (x *index) put(s slot) {
	at := x.place(s.hash)
	for x.slots[at].number != 0 {
		at = (at + 1) % len(x.slots)
	}
	x.slots[at] = s
}

func (x *index) place(hash uint32) int { return int(hash) & (len(x.slots) - 1) }
