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
	start := time.Now()
	for {
		done, missing := try()
		if done {
			return
		}
		if time.Since(start) > limit {
			tb.Fatalf("not within %v: %v", limit, missing)
		}
		time.Sleep(min(max(time.Since(start)/10, firstPause), mostPause))
	}
}

// Within returns a context that ends after d, or with the test.
func Within(tb testing.TB, d time.Duration) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	tb.Cleanup(cancel)
	return ctx
}
