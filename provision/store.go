package provision

import "sync/atomic"

// Store holds the snapshot that is served. The zero Store holds none. It may be used by many goroutines: a reader that
// loads once and keeps what it got sees one generation whole.
type Store struct {
	current    atomic.Pointer[Snapshot]
	generation atomic.Uint64
}

// Load returns the snapshot that is served now, nil before the first.
func (s *Store) Load() *Snapshot { return s.current.Load() }

// Swap numbers a snapshot that was never stored before, serves it from now on, and returns the one it replaces: nil the
// first time.
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
