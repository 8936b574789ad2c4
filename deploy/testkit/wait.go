package testkit

import (
	"testing"
	"time"
)

// Patience is how long a test waits for anything before it fails: long, for a machine that runs all tests at once under -race.
const Patience = time.Minute

// poll is how often Eventually and WaitFor look.
const poll = 2 * time.Millisecond

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
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); ; <-tick.C {
		done, missing := try()
		if done {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("not within %v: %v", limit, missing)
		}
	}
}
