package background

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// A turn waits for the one before it, but not for ever: after maxWait it begins beside one that hangs, and the next one
// waits for the hanging one again.
func TestTurn(t *testing.T) {
	for _, row := range []struct {
		name       string
		takes      time.Duration
		wantBegins time.Duration
	}{
		{"a short turn", 10 * time.Millisecond, 10 * time.Millisecond},
		{"a turn as long as the wait", maxWait - time.Millisecond, maxWait - time.Millisecond},
		{"a turn that hangs", time.Hour, maxWait},
	} {
		t.Run(row.name, func(t *testing.T) {
			defer func(outside chan struct{}) { turn = outside }(turn)
			synctest.Test(t, func(t *testing.T) {
				turn = make(chan struct{}, 1) // of this bubble
				start := time.Now()
				ended := make(chan struct{})
				go Turn(func() {
					time.Sleep(row.takes)
					close(ended)
				})
				synctest.Wait()
				for i := range 2 {
					begun := time.Now()
					Turn(func() {})
					if got, want := time.Since(start), row.wantBegins; i == 0 && got != want {
						t.Errorf("the second turn began after %v, want %v", got, want)
					}
					if took, hangs := time.Since(begun), row.takes > maxWait; i == 1 && (took == maxWait) != hangs {
						t.Errorf("the third turn waited %v", took)
					}
				}
				<-ended
				free := time.Now()
				Turn(func() {})
				if waited := time.Since(free); waited != 0 {
					t.Errorf("waited %v though nothing runs", waited)
				}
			})
		})
	}
}

// A panic of a turn does not keep the next one waiting.
func TestTurnPanics(t *testing.T) {
	func() {
		defer func() { _ = recover() }()
		Turn(func() { panic("x") })
	}()
	select {
	case turn <- struct{}{}:
		<-turn
	default:
		t.Error("the turn never ended")
	}
}

// Each function at low priority has a processor of Go more, for as long as it runs.
func TestProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	var during, inner int
	AtLowPriority(func() {
		during = runtime.GOMAXPROCS(0)
		AtLowPriority(func() { inner = runtime.GOMAXPROCS(0) })
	})
	if during != before+1 || inner != before+2 || runtime.GOMAXPROCS(0) != before {
		t.Errorf("%d before, %d during, %d in another one, %d afterwards", before, during, inner, runtime.GOMAXPROCS(0))
	}
}
