package ask

import (
	"context"
	"slices"
	"sync"
)

// maxLate bounds the functions that are remembered not to have answered in time. Templates have some dozens in all.
const maxLate = 1000

// turns shares the connections among the functions, so that one that hangs does not take them all: it gets all but one;
// when it did not answer in time it gets a single one until it does; and all those that did not leave one to the others.
// Who must wait is served in order, but for those that may not yet.
type turns struct {
	most int // connections

	mu      sync.Mutex
	busy    int
	of      map[string]int  // busy, by function
	late    map[string]bool // functions that did not answer the last time
	lateNow int             // busy with such
	waiting []*turn
}

// turn is a connection's time for one call.
type turn struct {
	function string
	begun    chan struct{}
	late     bool // counts in lateNow
}

func newTurns(most int) *turns {
	return &turns{most: most, of: map[string]int{}, late: map[string]bool{}}
}

// take waits for a turn, which ends with end.
func (t *turns) take(ctx context.Context, function string) (*turn, error) {
	w := &turn{function: function, begun: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, w)
	t.admit()
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

// end gives a turn back; late says that it ended without an answer in time.
func (t *turns) end(w *turn, late bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	if t.of[w.function]--; t.of[w.function] == 0 {
		delete(t.of, w.function)
	}
	if w.late {
		t.lateNow--
	}
	if !late {
		delete(t.late, w.function)
	} else {
		if len(t.late) >= maxLate {
			clear(t.late)
		}
		t.late[w.function] = true
	}
	t.admit()
}

// admit begins the turns that can. t.mu is held.
func (t *turns) admit() {
	t.waiting = slices.DeleteFunc(t.waiting, func(w *turn) bool {
		if !t.may(w.function) {
			return false
		}
		t.busy++
		t.of[w.function]++
		if w.late = t.late[w.function]; w.late {
			t.lateNow++
		}
		close(w.begun)
		return true
	})
}

func (t *turns) may(function string) bool {
	allButOne := max(1, t.most-1)
	switch {
	case t.busy >= t.most:
		return false
	case t.late[function]:
		return t.of[function] == 0 && t.lateNow < allButOne
	}
	return t.of[function] < allButOne
}
