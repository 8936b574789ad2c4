package httpapi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A bounded context ends as one with a deadline does: at its time, with its parent, and when it is over; and so does what is
// made within it.
func TestBounded(t *testing.T) {
	cause := errors.New("cause")
	rows := []struct {
		name string
		end  func(b *bounded, parent context.CancelCauseFunc)
		want error
	}{
		{"not at all", func(*bounded, context.CancelCauseFunc) { time.Sleep(time.Minute - 1) }, nil},
		{"by its time", func(*bounded, context.CancelCauseFunc) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
		{"with its parent", func(_ *bounded, parent context.CancelCauseFunc) { parent(cause) }, context.Canceled},
	}
	for _, tt := range rows {
		for _, waited := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), valueKey{}, "value"))
				defer cancel(nil)
				b := newBounded(parent, time.Now().Add(time.Minute))
				defer b.over()
				var child context.Context = b
				if waited {
					var end context.CancelFunc
					child, end = context.WithCancel(b)
					defer end()
				}
				if b.Err() != nil || child.Err() != nil || child.Value(valueKey{}) != "value" {
					t.Errorf("%s: has ended before: %v, %v", tt.name, b.Err(), child.Err())
				}
				tt.end(b, cancel)
				synctest.Wait()
				if !errors.Is(b.Err(), tt.want) || !errors.Is(child.Err(), tt.want) || closed(b.Done()) != (tt.want != nil) {
					t.Errorf("%s: got %v and %v, want %v", tt.name, b.Err(), child.Err(), tt.want)
				}
			})
		}
	}
}

type valueKey struct{}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// The deadline is the earlier one, and who is over ends who waits.
func TestBoundedWithin(t *testing.T) {
	parent, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want, _ := parent.Deadline()
	b := newBounded(parent, time.Now().Add(time.Hour))
	if got, ok := b.Deadline(); !ok || got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	done := b.Done()
	if closed(done) {
		t.Error("ended before")
	}
	b.over()
	if !closed(done) || !errors.Is(b.Err(), context.Canceled) {
		t.Errorf("got %v", b.Err())
	}
}
