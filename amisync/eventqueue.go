package amisync

import (
	"sync"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// Bounds of the events that wait to be handled. Where more come, all are dropped and everything is read again.
const (
	maxEvents      = 10_000   // a reload of 5,000 endpoints sends about as many
	maxEventsBytes = 16 << 20 // that they take: some 500 bytes of text and as much for the map each, with room
)

// queue takes events without ever making the sender wait.
type queue struct {
	mu       sync.Mutex
	events   []ami.Message
	bytes    int // that they take
	overflow bool
	wake     chan struct{} // of size one
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(m ami.Message) {
	q.mu.Lock()
	size := m.Size()
	if len(q.events) >= maxEvents || q.bytes+size > maxEventsBytes {
		q.events, q.bytes, q.overflow = nil, 0, true
	}
	q.bytes += size
	q.events = append(q.events, m)
	q.mu.Unlock()
	wake(q.wake)
}

// take returns what has come since the last take, and whether events before it were lost.
func (q *queue) take() (events []ami.Message, overflow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events, overflow = q.events, q.overflow
	q.events, q.bytes, q.overflow = nil, 0, false
	return events, overflow
}
