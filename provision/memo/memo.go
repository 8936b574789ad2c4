// Package memo remembers values that are dear to make, within a bound of bytes. It is the one cache of the project: rendered
// files, directories, plans, devices and answers of Asterisk differ in their keys and bounds only.
//
// Policy: a value is kept from its first Put. Where there is no room for another one, the value goes that nobody asked for
// since room was wanted the last time (second chance). A value that is larger than the bound of one value is not kept.
//
// A Memo knows nothing of when a value is outdated: who reads it checks what it depends on.
package memo

import (
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
}

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
