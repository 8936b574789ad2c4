package httpauth

import (
	"context"
	"sync"
)

// maxWaiting bounds the requests of a source that wait. bcrypt at cost 10 checks as many within bcryptWait; one more
// would wait in vain.
const maxWaiting = 100

// turns bounds how many passwords are checked at a time. Requests that wait take turns by source: first the oldest of
// each source, then the second of each. So a source that sends a thousand passwords delays the others by one password
// each.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting map[any][]chan struct{} // by source, the oldest first
	order   []any                   // the sources that wait, the next one first
}

func newTurns(atATime int) *turns { return &turns{free: atATime, waiting: map[any][]chan struct{}{}} }

// take waits for a turn, and reports whether it got one. The caller ends it with give.
func (t *turns) take(ctx context.Context, source any) bool {
	if ctx.Err() != nil {
		return false
	}
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return true
	}
	queue := t.waiting[source]
	if len(queue) >= maxWaiting {
		t.mu.Unlock()
		return false
	}
	if len(queue) == 0 {
		t.order = append(t.order, source)
	}
	turn := make(chan struct{})
	t.waiting[source] = append(queue, turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.leave(source, turn) // the turn came in the same moment
}

// leave removes a request from the queue. It returns false if the request has its turn already.
func (t *turns) leave(source any, turn chan struct{}) bool {
	for i, other := range t.waiting[source] {
		if other == turn {
			t.set(source, append(t.waiting[source][:i], t.waiting[source][i+1:]...))
			return true
		}
	}
	return false
}

// set sets the queue of a source. A source with an empty queue waits no more.
func (t *turns) set(source any, queue []chan struct{}) {
	if len(queue) > 0 {
		t.waiting[source] = queue
		return
	}
	delete(t.waiting, source)
	for i, other := range t.order {
		if other == source {
			t.order = append(t.order[:i], t.order[i+1:]...)
			return
		}
	}
}

// give ends a turn, and gives it to the next source.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) == 0 {
		t.free++
		return
	}
	source := t.order[0]
	queue := t.waiting[source]
	close(queue[0])
	t.order = append(t.order[1:], source) // to the end, if it still waits
	t.set(source, queue[1:])
}
