package provision

import "sync/atomic"

// Store holds the snapshot that is served. The zero Store holds none. It is safe for concurrent use: a reader that
// calls Load once sees one whole generation.
type Store struct {
	current    atomic.Pointer[Snapshot]
	generation atomic.Uint64
}

// Load returns the snapshot that is served, or nil before the first Swap.
func (s *Store) Load() *Snapshot { return s.current.Load() }

// Swap numbers a new snapshot and serves it from now on. It returns the snapshot that it replaces, or nil.
func (s *Store) Swap(next *Snapshot) (old *Snapshot) {
	next.Generation = s.generation.Add(1)
	return s.current.Swap(next)
}

// Offer serves a snapshot that was never stored before, if none is served yet, and reports whether it does.
func (s *Store) Offer(first *Snapshot) bool {
	if s.current.Load() != nil {
		return false
	}
	first.Generation = s.generation.Add(1)
	return s.current.CompareAndSwap(nil, first)
}
