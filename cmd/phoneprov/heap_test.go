package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// The collector runs when there is as much more as was measured, where phones come and go too, and later where more is in use.
func TestHeap(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	h := newHeap(func(string) (string, bool) { return "", false })
	t.Cleanup(func() {
		h.end()
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	room := func() int64 { return debug.SetMemoryLimit(-1) - inUse() }
	for _, row := range []struct {
		phones int
		want   int64
	}{{10, requestRoom}, {100_000, requestRoom + 100_000*syncRoom}, {99_000, requestRoom + 100_000*syncRoom}, {0, requestRoom}} {
		h.synced(provision.Counts{Phones: row.phones})
		if got := room(); got < row.want-1<<20 || got > row.want+row.want/1000+1<<20 {
			t.Errorf("%d phones: got room for %d bytes, want %d", row.phones, got, row.want)
		}
	}
	held := make([]byte, 3*requestRoom)
	roomIs := func(least, most int64) {
		eventually(t, 10*time.Second, func() error {
			runtime.GC()
			if got := room(); got < least || got > most {
				return fmt.Errorf("got room for %d bytes, want %d to %d", got, least, most)
			}
			return nil
		})
	}
	roomIs(requestRoom+requestRoom/4, 3*requestRoom)
	runtime.KeepAlive(held)
	roomIs(requestRoom/2, requestRoom+1<<20)
	if got := debug.SetGCPercent(-1); got != -1 {
		t.Errorf("got %d%%, want -1%%", got)
	}
}

// What the administrator has set stays.
func TestHeapIsLeftAlone(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetGCPercent(percent)
	defer debug.SetMemoryLimit(limit)
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		newHeap(func(n string) (string, bool) { return "100", n == name }).synced(provision.Counts{Phones: 100_000})
		if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != math.MaxInt64 {
			t.Errorf("%s: got %d%% and %d bytes", name, p, l)
		}
	}
}
