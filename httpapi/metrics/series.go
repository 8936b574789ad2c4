package metrics

import "sync"

// maxSeries bounds the remembered series: more than there are with the bounds of the labels and a few statuses.
const maxSeries = 2000

// series remembers the time series of labels. The client library hashes and compares each label on each call, which takes
// ten times as long. The zero value is ready for use.
type series[K comparable, S any] struct {
	mu    sync.RWMutex
	known map[K]S
}

// of returns the series of some labels. If they are not remembered, it calls find for the series, and for labels that
// do not hold a configuration in memory.
func (s *series[K, S]) of(labels K, find func() (K, S)) S {
	s.mu.RLock()
	had, ok := s.known[labels]
	s.mu.RUnlock()
	if ok {
		return had
	}
	labels, found := find()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxSeries {
		s.known = map[K]S{}
	}
	s.known[labels] = found
	return found
}
