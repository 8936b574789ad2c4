package ledger

import (
	"context"
	"sync"
	"time"
)

// queue accepts everything that the ledger is told. The sender never waits.
type queue struct {
	mu      sync.Mutex
	items   []item
	spare   []item // memory for the next items, so that push need not allocate
	dropped uint64
	busy    bool // items were taken but are not applied yet
	wake    chan struct{}
}

// item is either an answer, or a function that the ledger runs with its lock held.
type item struct {
	answer Answer
	do     func(l *Ledger) // nil: answer
}

// push adds an item: do, or the answer if do is nil.
func (q *queue) push(a *Answer, do func(l *Ledger)) {
	q.mu.Lock()
	if do == nil && len(q.items) >= maxQueued {
		q.dropped++
		q.mu.Unlock()
		return
	}
	first := len(q.items) == 0
	if do != nil {
		q.items = append(q.items, item{do: do})
	} else {
		q.items = append(q.items, item{answer: *a})
	}
	q.mu.Unlock()
	if first {
		notify(q.wake)
	}
}

// take removes and returns all items. The caller calls done once they are applied.
func (q *queue) take() (items []item, done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items, q.items, q.spare, q.busy = q.items, q.spare[:0], nil, len(q.items) > 0
	return items, func() {
		clear(items)
		if cap(items) > maxSpare {
			items = nil
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		q.spare, q.busy = items, false
	}
}

func (q *queue) state() (waiting int, dropped uint64, idle bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items), q.dropped, len(q.items) == 0 && !q.busy
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Served tells the Ledger of a request to the phones' listeners. It never blocks. If the queue is full, the answer is
// dropped and counted.
func (l *Ledger) Served(a Answer) { l.queue.push(&a, nil) }

// tell runs f with the ledger's lock held, after all earlier items.
func (l *Ledger) tell(f func(l *Ledger)) { l.queue.push(nil, f) }

// takeInto applies queued items, in groups of gatherTime.
func (l *Ledger) takeInto(ctx context.Context) {
	every := time.NewTicker(templatesEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.queue.wake:
			if !pause(ctx, gatherTime) {
				return
			}
			l.drain()
		case <-every.C:
			l.lookAtTemplates()
			l.lookAtClock()
		}
	}
}

// drainPart is the number of items that are applied before readers get the lock.
const drainPart = 256

func (l *Ledger) drain() {
	items, done := l.queue.take()
	defer done()
	for begin := 0; begin < len(items); begin += drainPart {
		part := items[begin:min(begin+drainPart, len(items))]
		l.mu.Lock()
		for i := range part {
			if part[i].do != nil {
				part[i].do(l)
			} else {
				l.answered(&part[i].answer, len(items)-begin-i <= maxRequests)
			}
		}
		l.mu.Unlock()
	}
}

// pause waits for d. It returns false if the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// settleStep is the pause between two checks of Settle.
const settleStep = time.Millisecond

// Settle waits until everything that the Ledger was told is applied and compared. Run must be running.
func (l *Ledger) Settle(ctx context.Context) error {
	for {
		if _, _, idle := l.queue.state(); idle && l.lanes.compared() {
			return nil
		}
		if !pause(ctx, settleStep) {
			return ctx.Err()
		}
	}
}
