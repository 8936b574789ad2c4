package ledger

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Kind is what a subscriber is told of.
type Kind uint8

// The kinds of updates.
const (
	KindEvent Kind = iota
	KindRequest
	KindSync
)

// subscribers are told of what happens. The zero subscribers are ready.
type subscribers struct {
	mu   sync.Mutex
	all  []*subscriber
	many atomic.Int32 // of all
}

type subscriber struct {
	what []Kind
	out  chan Update
	seq  uint64
}

// Subscribe returns a channel of updates of these kinds, without any of events and syncs, and a function that ends it and closes the
// channel. A subscriber that is slower than what happens loses updates: Update.Seq then has a gap.
func (l *Ledger) Subscribe(what ...Kind) (<-chan Update, func()) {
	if len(what) == 0 {
		what = []Kind{KindEvent, KindSync}
	}
	s := &subscriber{what: what, out: make(chan Update, maxSubscribed)}
	l.subs.mu.Lock()
	defer l.subs.mu.Unlock()
	l.subs.all = append(l.subs.all, s)
	l.subs.many.Add(1)
	return s.out, func() {
		l.subs.mu.Lock()
		defer l.subs.mu.Unlock()
		if i := slices.Index(l.subs.all, s); i >= 0 {
			l.subs.all = slices.Delete(l.subs.all, i, i+1)
			l.subs.many.Add(-1)
			close(s.out)
		}
	}
}

// wants reports whether a subscriber wants updates of a kind.
func (s *subscribers) wants(kind Kind) bool {
	if s.many.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.all, func(s *subscriber) bool { return slices.Contains(s.what, kind) })
}

func (s *subscribers) send(kind Kind, u Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.all {
		if !slices.Contains(sub.what, kind) {
			continue
		}
		sub.seq++
		u.Seq = sub.seq
		select {
		case sub.out <- u:
		default:
		}
	}
}
