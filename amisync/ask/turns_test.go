package ask

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// began returns the functions of the turns that have begun, in the order of the calls.
func began(turns []*turn) string {
	var names []string
	for _, w := range turns {
		select {
		case <-w.begun:
			names = append(names, w.function)
		default:
		}
	}
	return strings.Join(names, " ")
}

func TestTurns(t *testing.T) {
	for _, row := range []struct {
		name  string
		most  int
		late  string // functions that did not answer the last time
		asked string
		want  string
	}{
		{"as many as connections", 2, "", "A B C", "A B"},
		{"one function leaves one", 4, "", "A A A A A B", "A A A B"},
		{"one connection", 1, "", "A A B", "A"},
		{"one connection, late", 1, "A", "A A B", "A"},
		{"a late function has one", 4, "A", "A A A B B B B", "A B B B"},
		{"late functions leave one", 4, "A B C D", "A B C D E", "A B C E"},
		{"of two connections", 2, "A B", "A B E", "A E"},
		{"no one overtakes without reason", 2, "", "A B C D", "A B"},
	} {
		t.Run(row.name, func(t *testing.T) {
			turns := newTurns(row.most)
			for _, name := range strings.Fields(row.late) {
				turns.late[name] = true
			}
			for _, name := range strings.Fields(row.asked) {
				turns.waiting = append(turns.waiting, &turn{function: name, begun: make(chan struct{})})
			}
			all := append([]*turn(nil), turns.waiting...)
			turns.beginWaiting()
			if got := began(all); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			for len(turns.waiting) > 0 || turns.busy > 0 { // every one has its turn in the end
				before := turns.busy
				for _, w := range all {
					if began([]*turn{w}) != "" && w.function != "" {
						turns.end(w, false)
						w.function = ""
					}
				}
				if turns.busy == before && before == 0 {
					t.Fatalf("%d wait for nothing", len(turns.waiting))
				}
			}
			if turns.busyLate != 0 || len(turns.byFunction) != 0 {
				t.Errorf("left: %d late, %v", turns.busyLate, turns.byFunction)
			}
		})
	}
}

// A function is late if its last question was late. The remembered functions are bounded.
func TestTurnsLate(t *testing.T) {
	turns := newTurns(4)
	run := func(name string, late bool) {
		t.Helper()
		w, err := turns.take(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		turns.end(w, late)
	}
	run("A", true)
	if !turns.late["A"] {
		t.Error("A is not late")
	}
	run("A", false)
	if turns.late["A"] {
		t.Error("A is still late")
	}
	for i := range 3 * maxLate {
		run(fmt.Sprint(i), true)
	}
	if len(turns.late) > maxLate {
		t.Errorf("got %d late functions, want at most %d", len(turns.late), maxLate)
	}
}

// A question that was given up does not get a turn.
func TestTurnsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		first, err := turns.take(t.Context(), "A")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turns.take(ctx, "B"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		turns.end(first, false)
		if _, err := turns.take(t.Context(), "C"); err != nil {
			t.Error(err)
		}
	})
}
