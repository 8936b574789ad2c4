package amisync

import (
	"sync"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// Bounds of the events that wait. If there are more, all of them are dropped and everything is read again.
const (
	maxEvents      = 10_000   // a reload of 5,000 endpoints sends about as many
	maxEventsBytes = 16 << 20 // memory of the events: some 500 bytes of text each, and as much for the map
)

// eventQueue takes events without making the sender wait.
type eventQueue struct {
	mu       sync.Mutex
	events   []ami.Message
	bytes    int // memory of the events
	overflow bool
	wake     chan struct{} // of capacity one
}

func newEventQueue() *eventQueue { return &eventQueue{wake: make(chan struct{}, 1)} }

func (q *eventQueue) push(m ami.Message) {
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

// take returns the events since the last take, and whether events before them were dropped.
func (q *eventQueue) take() (events []ami.Message, overflow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events, overflow = q.events, q.overflow
	q.events, q.bytes, q.overflow = nil, 0, false
	return events, overflow
}
