package testkit

import "time"

// TurnRuns reports whether a turn of background.Turn runs now: a second one does not begin within 50 ms. turn is
// background.Turn, whose own tests use this package.
func TurnRuns(turn func(func())) bool {
	begun := make(chan struct{})
	go turn(func() { close(begun) })
	select {
	case <-begun:
		return false
	case <-time.After(50 * time.Millisecond):
		return true
	}
}
