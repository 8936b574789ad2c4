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

// began are the functions of turns that have begun, in the order that they asked in.
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
			turns.admit()
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
			if turns.lateNow != 0 || len(turns.of) != 0 {
				t.Errorf("left: %d late, %v", turns.lateNow, turns.of)
			}
		})
	}
}

// Late is who did not answer the last time; what is remembered of them is bounded.
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

// Who does not wait any more is not waited for.
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

func TestKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKept(time.Second)
		k.put("a", outcome{value: "1"})
		time.Sleep(600 * time.Millisecond)
		k.put("b", outcome{value: "2"})
		k.put("a", outcome{value: "a later answer does not make it younger"})
		if got, ok := k.get("a"); !ok || got.value != "1" {
			t.Errorf("a: got %v, %v", got, ok)
		}
		time.Sleep(400 * time.Millisecond)
		if got, ok := k.get("a"); ok {
			t.Errorf("a: got %v after its time", got)
		}
		if got, ok := k.get("b"); !ok || got.value != "2" {
			t.Errorf("b: got %v, %v", got, ok)
		}
		k.clear()
		if _, ok := k.get("b"); ok {
			t.Error("b is there after clear")
		}
	})
}

func TestKeptIsBounded(t *testing.T) {
	k := newKept(time.Hour)
	for i := range 2 * maxKept {
		k.put(fmt.Sprint(i), outcome{})
	}
	for i := range 2 * maxKept {
		if _, ok := k.get(fmt.Sprint(i)); ok != (i >= maxKept) {
			t.Fatalf("answer %d of %d: got %v, want the last %d", i, 2*maxKept, ok, maxKept)
		}
	}
	const long = maxKeptBytes / 4
	for i := range 10 {
		k.put(fmt.Sprint("long", i), outcome{value: strings.Repeat("x", long)})
	}
	bytes := 0
	for i := range 10 {
		if _, ok := k.get(fmt.Sprint("long", i)); ok {
			bytes += long
		} else if i == 9 {
			t.Error("the last answer is not there")
		}
	}
	if bytes > maxKeptBytes {
		t.Errorf("%d bytes are kept", bytes)
	}
	k.put("too long", outcome{value: strings.Repeat("x", maxKeptBytes+1)})
	if _, ok := k.get("too long"); ok {
		t.Error("an answer that is longer than all may be is kept")
	}
	none := newKept(0)
	none.put("a", outcome{})
	if _, ok := none.get("a"); ok {
		t.Error("one is kept for no time")
	}
}
