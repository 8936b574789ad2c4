package httpapi

import (
	"context"
	"sync"
	"time"
)

// bounded is a context that ends at a moment, as one of context.WithDeadline. Its timer is made where somebody waits for the
// end: a rendering that asks Asterisk for nothing does not, and is over in some ten times what a timer takes.
type bounded struct {
	context.Context // the one that it is within
	until           time.Time

	mu    sync.Mutex
	timed context.Context // nil: nobody waits
	end   context.CancelFunc
}

func newBounded(parent context.Context, until time.Time) *bounded {
	if earlier, ok := parent.Deadline(); ok && earlier.Before(until) {
		until = earlier
	}
	return &bounded{Context: parent, until: until}
}

// over is for when nobody needs the context any more.
func (b *bounded) over() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timed != nil {
		b.end()
	}
}

func (b *bounded) Deadline() (time.Time, bool) { return b.until, true }

func (b *bounded) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timed == nil {
		b.timed, b.end = context.WithDeadline(b.Context, b.until)
	}
	return b.timed.Done()
}

func (b *bounded) Err() error {
	if err := b.within().Err(); err != nil {
		return err
	}
	if !time.Now().Before(b.until) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value is that of the context that has the timer where there is one: package context finds it by that, and needs no goroutine
// to let what is made within end with it.
func (b *bounded) Value(key any) any { return b.within().Value(key) }

func (b *bounded) within() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timed != nil {
		return b.timed
	}
	return b.Context
}
