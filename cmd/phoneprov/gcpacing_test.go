package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// heapEnv is set where TestHeap runs in a process of its own.
const heapEnv = "TEST_HEAP"

// The collector runs when there is as much more as was measured, where phones come and go too, and later where more is in use.
// The test runs itself in a process of its own, in whose memory nothing else is at work.
func TestHeap(t *testing.T) {
	if os.Getenv(heapEnv) == "" {
		if line := testkit.Self(t, []string{"-test.run=^TestHeap$"}, heapEnv+"=1"); line != "PASS" {
			t.Errorf("got %s", line)
		}
		return
	}
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	h := newHeap(func(string) (string, bool) { return "", false }, 0)
	t.Cleanup(func() {
		h.end()
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	room := func() int64 { return read("/gc/heap/goal:bytes") - inUse() }
	const slack = 8 << 20 // what the runtime keeps for itself, and what else runs
	roomIs := func(what string, least, most int64, more func()) {
		t.Helper()
		testkit.WaitFor(t, func() error {
			more()
			if got := room(); got < least-slack || got > most+slack {
				return fmt.Errorf("%s: got room for %d bytes, want %d to %d", what, got, least, most)
			}
			return nil
		})
	}
	for _, row := range []struct {
		phones int
		want   int64
	}{{10, requestRoom}, {100_000, requestRoom + 100_000*syncRoom}, {99_000, requestRoom + 100_000*syncRoom}, {0, requestRoom}} {
		h.synced(provision.Counts{Phones: row.phones})
		roomIs(fmt.Sprint(row.phones), row.want, row.want, func() {})
	}
	held := make([]byte, 4*requestRoom)
	roomIs("memory in use", 2*requestRoom, 2*requestRoom, runtime.GC)
	runtime.KeepAlive(held)
	stop := make(chan struct{})
	var begun, waiting sync.WaitGroup
	for range 4096 { // connections
		begun.Add(1)
		waiting.Go(func() { deep(12, &begun, stop) })
	}
	begun.Wait()
	held = nil
	roomIs("many stacks", requestRoom, requestRoom, runtime.GC)
	close(stop)
	waiting.Wait()
	if got := debug.SetGCPercent(-1); got != -1 {
		t.Errorf("got %d%%, want -1%%", got)
	}
}

// deep waits with some kilobytes of stack.
func deep(n int, begun *sync.WaitGroup, stop <-chan struct{}) (sum byte) {
	var frame [1 << 10]byte
	frame[n] = byte(n)
	if n > 0 {
		return deep(n-1, begun, stop) + frame[n]
	}
	begun.Done()
	<-stop
	return frame[0]
}

// What the administrator has set stays.
func TestHeapIsLeftAlone(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetGCPercent(percent)
	defer debug.SetMemoryLimit(limit)
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		newHeap(func(n string) (string, bool) { return "100", n == name }, 0).synced(provision.Counts{Phones: 100_000})
		if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != math.MaxInt64 {
			t.Errorf("%s: got %d%% and %d bytes", name, p, l)
		}
	}
}
