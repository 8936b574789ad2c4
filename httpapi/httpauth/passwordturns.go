package httpauth

import (
	"context"
	"sync"
)

// maxWaiting is how many requests of one source wait for their turn: as many as bcrypt at cost 10 can check within
// bcryptWait. One more would wait in vain.
const maxWaiting = 100

// turns lets a few passwords be checked at a time. Those that wait take turns by their source: first the oldest of each
// source, then the second of each. So whoever sends a thousand passwords delays the others by one password each.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting map[any][]chan struct{} // by source; the oldest in front
	order   []any                   // the sources that wait, the next one in front
}

func newTurns(atATime int) *turns { return &turns{free: atATime, waiting: map[any][]chan struct{}{}} }

// take waits for a turn and reports whether it came. Give it back with give.
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
	return !t.leave(source, turn) // it has come meanwhile
}

// leave takes a request out of the queue, if it still waits.
func (t *turns) leave(source any, turn chan struct{}) bool {
	for i, other := range t.waiting[source] {
		if other == turn {
			t.set(source, append(t.waiting[source][:i], t.waiting[source][i+1:]...))
			return true
		}
	}
	return false
}

// set gives a source another queue; without one it waits no more.
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

// give ends a turn: the next source has it.
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
	t.order = append(t.order[1:], source) // behind the others, if it still waits
	t.set(source, queue[1:])
}
