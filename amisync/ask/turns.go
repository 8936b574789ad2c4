package ask

import (
	"context"
	"slices"
	"sync"
)

// maxLate bounds the functions that are remembered as late. Templates use some dozens in all.
const maxLate = 1000

// turns shares the connections among the functions: see the package documentation for the rules. Questions that wait are
// served in order, except that a question whose function may not have another connection lets others pass.
type turns struct {
	connections int

	mu         sync.Mutex
	busy       int
	byFunction map[string]int  // busy connections
	late       map[string]bool // functions whose last question was not answered in time
	busyLate   int             // connections that are busy with late functions
	waiting    []*turn
}

// turn is the use of one connection for one question.
type turn struct {
	function string
	begun    chan struct{}
	late     bool // counted in busyLate
}

func newTurns(connections int) *turns {
	return &turns{connections: connections, byFunction: map[string]int{}, late: map[string]bool{}}
}

// take waits for a turn. The caller ends it with end.
func (t *turns) take(ctx context.Context, function string) (*turn, error) {
	w := &turn{function: function, begun: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, w)
	t.beginWaiting()
	t.mu.Unlock()
	select {
	case <-w.begun:
		return w, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-w.begun: // in the same moment
		return w, nil
	default:
	}
	t.waiting = slices.DeleteFunc(t.waiting, func(other *turn) bool { return other == w })
	return nil, ctx.Err()
}

// end gives the connection of a turn back. late says that the question was not answered in time.
func (t *turns) end(w *turn, late bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	if t.byFunction[w.function]--; t.byFunction[w.function] == 0 {
		delete(t.byFunction, w.function)
	}
	if w.late {
		t.busyLate--
	}
	if !late {
		delete(t.late, w.function)
	} else {
		if len(t.late) >= maxLate {
			clear(t.late)
		}
		t.late[w.function] = true
	}
	t.beginWaiting()
}

// beginWaiting begins the turns that may have a connection now. t.mu is held.
func (t *turns) beginWaiting() {
	t.waiting = slices.DeleteFunc(t.waiting, func(w *turn) bool {
		if !t.mayBegin(w.function) {
			return false
		}
		t.busy++
		t.byFunction[w.function]++
		if w.late = t.late[w.function]; w.late {
			t.busyLate++
		}
		close(w.begun)
		return true
	})
}

func (t *turns) mayBegin(function string) bool {
	allButOne := max(1, t.connections-1)
	switch {
	case t.busy >= t.connections:
		return false
	case t.late[function]:
		return t.byFunction[function] == 0 && t.busyLate < allButOne
	}
	return t.byFunction[function] < allButOne
}
