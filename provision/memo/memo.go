// Package memo remembers values that are expensive to compute, within a bound in bytes. It is the only cache of the
// project: rendered files, directories, plans, devices and answers of Asterisk differ in their keys and bounds only.
//
// Policy: if there is no room for a new value, a value goes that was not read since the last time that room was needed
// (second chance). A value that is larger than the bound of one value is not kept. If keeping a value costs a copy, the
// caller asks Wants first: it returns false for a key that it has not seen recently, so values that are read once cost
// nothing. (BenchmarkNotKept, a file of each of 100,000 phones in turn: 1.4 kB and 13 allocations with Wants, 8.7 kB
// and 24 without.)
//
// A Memo does not know when a value is outdated. The caller stores with the value what it was made of, and compares.
package memo

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// overhead is about how many bytes an entry takes besides those that its caller counts: the entry, and its share of the
// map and the ring.
const overhead = 128

// Memo maps keys to values. The zero Memo keeps nothing; New makes a usable one. All methods are safe for concurrent
// use.
type Memo[K comparable, V any] struct {
	bound, largest int

	mu      sync.RWMutex
	entries map[K]*entry[K, V]
	ring    []*entry[K, V]
	hand    int // where makeRoom continues in the ring
	bytes   int
	seen    *[recent]uint32 // hashes of the keys that Wants saw last; nil: it saw none
}

// recent is about how many keys Wants remembers: as many as files of 6 kB fit. It takes 16 kB.
const recent = 4096

// seed is for the hashes of keys.
var seed = maphash.MakeSeed()

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int
	index int         // in the ring
	used  atomic.Bool // since the hand passed it
}

// New returns a Memo that takes at most bound bytes, for values of at most largest bytes each.
func New[K comparable, V any](bound, largest int) *Memo[K, V] {
	return &Memo[K, V]{bound: bound, largest: min(largest, bound-overhead), entries: map[K]*entry[K, V]{}}
}

// Get returns the value of a key. ok is false if there is none.
func (m *Memo[K, V]) Get(key K) (value V, ok bool) {
	m.mu.RLock()
	e := m.entries[key]
	m.mu.RUnlock()
	if e == nil {
		return value, false
	}
	if !e.used.Load() { // many goroutines read this cache line, so write it as rarely as possible
		e.used.Store(true)
	}
	return e.value, true
}

// Wants reports whether a value for the key is worth keeping: the key has a value, or Wants was called for it recently.
func (m *Memo[K, V]) Wants(key K) bool {
	hash := uint32(maphash.Comparable(seed, key))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = new([recent]uint32)
	}
	last := &m.seen[hash%recent]
	seenBefore := *last == hash
	*last = hash
	return seenBefore || m.entries[key] != nil
}

// Put stores a value of so many bytes, and replaces the one that the key has. It reports whether the value was stored.
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
	e := &entry[K, V]{key: key, value: value, bytes: bytes, index: len(m.ring)}
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

// Len returns the number of values.
func (m *Memo[K, V]) Len() int {
	n, _ := m.Stats()
	return n
}

// Stats returns the number of values, and their bytes with the overhead of each.
func (m *Memo[K, V]) Stats() (values, bytes int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.ring), m.bytes
}

// makeRoom removes the first entry, starting at the hand, that was not used since the hand passed it. There must be an
// entry.
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

// remove removes an entry. The last entry of the ring takes its place.
func (m *Memo[K, V]) remove(e *entry[K, V]) {
	last := m.ring[len(m.ring)-1]
	m.ring[e.index], last.index = last, e.index
	m.ring[len(m.ring)-1] = nil
	m.ring = m.ring[:len(m.ring)-1]
	delete(m.entries, e.key)
	m.bytes -= e.bytes
}
