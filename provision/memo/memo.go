// Package memo remembers values that are dear to make, within a bound of bytes. It is the one cache of the project: rendered
// files, directories, plans, devices and answers of Asterisk differ in their keys and bounds only.
//
// Policy: where there is no room for another value, the value goes that nobody asked for since room was wanted the last time
// (second chance). A value that is larger than the bound of one value is not kept. A caller for whom keeping a value costs a
// copy asks Wants first: it says no to a key that it has not seen recently, so values that are asked for once cost nothing.
// (BenchmarkNotKept, a file of each of 100,000 phones in turn: 1.4 kB and 13 allocations with Wants, 8.7 kB and 24 without.)
//
// A Memo does not know when a value is outdated: its caller keeps with the value what it depends on, and compares.
package memo

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// overhead is about what an entry takes besides the bytes that its caller counts: the entry, its places in the map and the
// ring.
const overhead = 128

// Memo maps keys to values. The zero Memo keeps nothing; make one with New. All methods are safe for concurrent use.
type Memo[K comparable, V any] struct {
	bound, largest int

	mu      sync.RWMutex
	entries map[K]*entry[K, V]
	ring    []*entry[K, V]
	hand    int // in the ring: where room is looked for next
	bytes   int
	seen    *[recent]uint32 // hashes of the keys that Wants saw last; nil: none yet
}

// recent is about how many keys Wants remembers: the 4,000 files of 6 kB that fit, in 16 kB.
const recent = 4096

// seed is that of the hashes of keys.
var seed = maphash.MakeSeed()

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int
	place int         // in the ring
	used  atomic.Bool // since the hand passed it last
}

// New makes a Memo of at most bound bytes, with values of at most largest bytes each.
func New[K comparable, V any](bound, largest int) *Memo[K, V] {
	return &Memo[K, V]{bound: bound, largest: min(largest, bound-overhead), entries: map[K]*entry[K, V]{}}
}

// Get returns the value of a key.
func (m *Memo[K, V]) Get(key K) (value V, ok bool) {
	m.mu.RLock()
	e := m.entries[key]
	m.mu.RUnlock()
	if e == nil {
		return value, false
	}
	if !e.used.Load() { // a cache line that many read is written as rarely as possible
		e.used.Store(true)
	}
	return e.value, true
}

// Wants reports whether a value of a key is worth keeping: the key has a value, or Wants was called for it recently.
func (m *Memo[K, V]) Wants(key K) bool {
	hash := uint32(maphash.Comparable(seed, key))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = new([recent]uint32)
	}
	last := &m.seen[hash%recent]
	again := *last == hash
	*last = hash
	return again || m.entries[key] != nil
}

// Put keeps a value of so many bytes, in place of the one that its key has. It reports whether the value is kept.
func (m *Memo[K, V]) Put(key K, value V, bytes int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.entries[key]; old != nil {
		m.remove(old)
	}
	if bytes > m.largest {
		return false
	}
	bytes += overhead
	for m.bytes+bytes > m.bound {
		m.makeRoom()
	}
	e := &entry[K, V]{key: key, value: value, bytes: bytes, place: len(m.ring)}
	m.entries[key] = e
	m.ring = append(m.ring, e)
	m.bytes += bytes
	return true
}

// Clear drops everything.
func (m *Memo[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.entries)
	m.ring, m.hand, m.bytes = nil, 0, 0
}

// Len returns how many values there are.
func (m *Memo[K, V]) Len() int {
	n, _ := m.Stats()
	return n
}

// Stats returns how many values there are, and their bytes with the overhead of each.
func (m *Memo[K, V]) Stats() (values, bytes int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.ring), m.bytes
}

// makeRoom removes the first entry from the hand on that was not used since the hand passed it. There is at least one entry.
func (m *Memo[K, V]) makeRoom() {
	for {
		m.hand %= len(m.ring)
		e := m.ring[m.hand]
		if !e.used.Swap(false) {
			m.remove(e)
			return
		}
		m.hand++
	}
}

// remove takes an entry out; the last of the ring takes its place.
func (m *Memo[K, V]) remove(e *entry[K, V]) {
	last := m.ring[len(m.ring)-1]
	m.ring[e.place], last.place = last, e.place
	m.ring[len(m.ring)-1] = nil
	m.ring = m.ring[:len(m.ring)-1]
	delete(m.entries, e.key)
	m.bytes -= e.bytes
}
