package amisync

import (
	"context"
	"time"
)

// loop runs a sync for every trigger. It knows nothing of Asterisk.
type loop struct {
	triggers *triggers
	sync     func(ctx context.Context, trigger string) error
	debounce time.Duration // from a trigger to its sync: the rest of a burst arrives meanwhile
	deadline time.Duration // of one sync
	resync   time.Duration // from one sync to the next without a trigger; zero: never
	retry    backoff       // pauses after a sync that failed
}

// run returns when its context ends and no sync is running.
func (l *loop) run(ctx context.Context) {
	var periodic <-chan time.Time // nil until the first sync: what starts that is not the period
	reason := "resync"
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.triggers.wake:
		case <-periodic:
			l.triggers.add(reason)
			continue
		}
		if !pause(ctx, l.debounce) {
			return
		}
		periodic, reason = l.once(ctx)
	}
}

// once syncs, and says when and as what to do so again without a trigger.
func (l *loop) once(ctx context.Context) (<-chan time.Time, string) {
	ctx, cancel := context.WithTimeout(ctx, l.deadline)
	defer cancel()
	if err := l.sync(ctx, l.triggers.take()); err != nil {
		wait := l.retry.next()
		if l.resync > 0 && l.resync < wait {
			wait = l.resync
		}
		return time.After(wait), "retry"
	}
	l.retry.reset()
	if l.resync == 0 {
		return nil, ""
	}
	return time.After(l.resync), "resync"
}
