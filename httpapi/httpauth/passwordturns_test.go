package httpauth

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// One source that sends many passwords delays another by one password, not by all of them.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		turns.take(t.Context(), "somebody")
		var mu sync.Mutex
		var got []string
		var wg sync.WaitGroup
		wait := func(source string) {
			wg.Go(func() {
				if !turns.take(t.Context(), source) {
					t.Errorf("%s: no turn", source)
				}
				mu.Lock()
				got = append(got, source)
				mu.Unlock()
				turns.give()
			})
			synctest.Wait()
		}
		for range 5 {
			wait("flood")
		}
		for _, source := range []string{"a", "b", "b", "c"} {
			wait(source)
		}
		turns.give()
		wg.Wait()
		want := []string{"flood", "a", "b", "c", "flood", "b", "flood", "flood", "flood"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if turns.free != 1 || len(turns.waiting)+len(turns.order) != 0 {
			t.Errorf("left behind: %+v", turns)
		}
	})
}

// A source has a bounded place in the queue, and who goes away leaves it.
func TestTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		turns.take(t.Context(), "somebody")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range maxWaiting {
			wg.Go(func() {
				if turns.take(ctx, "flood") {
					t.Error("got a turn")
				}
			})
		}
		synctest.Wait()
		begun := time.Now()
		if turns.take(ctx, "flood") || time.Since(begun) != 0 {
			t.Errorf("one more waited %v", time.Since(begun))
		}
		wg.Wait()
		if turns.free != 0 || len(turns.waiting)+len(turns.order) != 0 {
			t.Errorf("left behind: %+v", turns)
		}
		turns.give()
		if !turns.take(t.Context(), "another") {
			t.Error("the turn is lost")
		}
	})
}

// However turns end, each is given back once.
func TestTurnsAreNotLost(t *testing.T) {
	turns := newTurns(2)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*100*time.Microsecond)
			defer cancel()
			if turns.take(ctx, fmt.Sprint(i%5)) {
				turns.give()
			}
		})
	}
	wg.Wait()
	if turns.free != 2 || len(turns.waiting)+len(turns.order) != 0 {
		t.Errorf("left behind: %+v", turns)
	}
}
