package amisync

import "sync"

// maxEvents bounds the events that wait to be handled. Where more come, all are dropped and everything is read again.
const maxEvents = 10_000

// queue takes events without ever making the sender wait.
type queue struct {
	mu       sync.Mutex
	events   []message
	overflow bool
	wake     chan struct{} // of size one
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(m message) {
	q.mu.Lock()
	if len(q.events) >= maxEvents {
		q.events, q.overflow = nil, true
	}
	q.events = append(q.events, m)
	q.mu.Unlock()
	notify(q.wake, struct{}{})
}

// take returns what has come since the last take, and whether events before it were lost.
func (q *queue) take() (events []message, overflow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	events, overflow = q.events, q.overflow
	q.events, q.overflow = nil, false
	return events, overflow
}
