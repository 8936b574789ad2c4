package amisync

import (
	"context"
	"time"
)

// syncLoop runs a sync for every trigger. It knows nothing of Asterisk.
type syncLoop struct {
	triggers *triggers
	sync     func(ctx context.Context, trigger string) error
	debounce time.Duration // from a trigger to its sync, for the rest of a burst
	deadline time.Duration // of one sync
	resync   time.Duration // from one sync to the next without a trigger; 0: never
	retry    backoff       // pauses after syncs that failed
}

// run returns when its context has ended and no sync is running.
func (l *syncLoop) run(ctx context.Context) {
	var periodic <-chan time.Time // nil until the first sync, which the period does not start
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
		periodic, reason = l.runSync(ctx)
	}
}

// runSync runs a sync. It returns when to run the next one without a trigger, and the reason to give for that.
func (l *syncLoop) runSync(ctx context.Context) (<-chan time.Time, string) {
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
