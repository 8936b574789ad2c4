package testkit

import (
	"context"
	"testing"
	"time"
)

// Patience is how long a test waits for anything before it fails: long, for a machine that runs all tests at once under -race.
const Patience = time.Minute

// Eventually and WaitFor look often at first, for what is quick. Later they look less often, because looking takes
// processor time from what they wait for: they pause for a tenth of the time that they have waited.
const (
	firstPause = 2 * time.Millisecond
	mostPause  = 10 * time.Millisecond
)

// Eventually polls until holds returns true. It fails the test when that takes longer than Patience; what names the condition.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	wait(tb, Patience, func() (bool, any) { return holds(), what })
}

// WaitFor polls until condition returns nil. It fails the test with the last error when that takes longer than Patience.
func WaitFor(tb testing.TB, condition func() error) {
	tb.Helper()
	wait(tb, Patience, func() (bool, any) { err := condition(); return err == nil, err })
}

func wait(tb testing.TB, limit time.Duration, try func() (done bool, missing any)) {
	tb.Helper()
	var missing any
	done := Poll(limit, mostPause, func() (done bool) {
		done, missing = try()
		return done
	})
	if !done {
		tb.Fatalf("not within %v: %v", limit, missing)
	}
}

// Poll calls holds until it returns true, or until limit has passed. It returns what holds returned last. Between two calls
// it pauses for most at most.
func Poll(limit, most time.Duration, holds func() bool) bool {
	for start := time.Now(); ; {
		if holds() {
			return true
		}
		waited := time.Since(start)
		if waited > limit {
			return false
		}
		time.Sleep(min(max(waited/10, firstPause), most))
	}
}

// Within returns a context that ends after d, or with the test.
func Within(tb testing.TB, d time.Duration) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	tb.Cleanup(cancel)
	return ctx
}
