package amisync

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff returns growing pauses between attempts. Jitter keeps many phoneprovs from trying again at the same moment.
type backoff struct {
	first, most time.Duration
	failures    int
}

// next returns the pause after one more failure: between half and the whole of first, doubled with each failure, up to
// most.
func (b *backoff) next() time.Duration {
	full := b.first
	for range b.failures {
		if full *= 2; full >= b.most {
			full = b.most
			break
		}
	}
	b.failures++
	return full/2 + rand.N(full/2+1)
}

func (b *backoff) reset() { b.failures = 0 }

// pause waits. It returns false if the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
