package amisync

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff gives growing pauses between attempts, with jitter so that many phoneprovs do not come back as one.
type backoff struct {
	first, most time.Duration
	failures    int
}

// next is the pause after one more failure: between half and the whole of first, doubled with each, up to most.
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

// pause waits; it reports false where the context ended first.
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
