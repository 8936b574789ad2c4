package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"

	"github.com/phoneprov/phoneprov/provision"
)

// The memory by which the heap may grow before the garbage collector runs.
const (
	// requestRoom is for requests, in bytes: at 50,000/s the collector then runs seven times a second instead of a
	// hundred (measured).
	requestRoom = 32 << 20
	// syncRoom is for two syncs of a phone, in bytes: the configuration and the next snapshot have 850 (measured, with
	// sections of nine options).
	syncRoom = 1_800
)

// heap makes the garbage collector run when the heap has grown by what requests and syncs take. By default it runs when
// the heap has doubled: many times a second with few phones, and in the middle of a sync with many. A small site has 40
// to 50 MB instead of 20; 100,000 phones have no more than in a sync. The memory never exceeds most. GOGC and
// GOMEMLIMIT take precedence. A nil heap does nothing.
type heap struct {
	most   int64 // bytes of all memory of the Go runtime; 0: unbounded
	mu     sync.Mutex
	phones int          // for which least was set; -1: not yet
	least  atomic.Int64 // bytes that the heap may have before the collector runs
	ended  atomic.Bool
}

// newHeap returns nil if the administrator sets the garbage collector. Then only most is set, unless GOMEMLIMIT is.
func newHeap(getenv lookupEnv, most int64) *heap {
	if value, _ := getenv("GOMEMLIMIT"); value != "" {
		return nil
	}
	if most > 0 {
		debug.SetMemoryLimit(most) // for the first sync too
	}
	if value, _ := getenv("GOGC"); value != "" {
		return nil
	}
	return &heap{phones: -1, most: most}
}

// synced is called with what is served from now on. If that is about as much as before, the bound stays. Otherwise the
// collector runs now if it would run in the next sync, where it would have to look through the configuration too.
func (h *heap) synced(c provision.Counts) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phones >= 0 && 10*max(c.Phones, h.phones) <= 11*min(c.Phones, h.phones) {
		if read("/gc/heap/goal:bytes")-read("/memory/classes/heap/objects:bytes") < syncRoom/2*int64(c.Phones) {
			runtime.GC()
		}
		return
	}
	first := h.phones < 0
	h.phones = c.Phones
	runtime.GC()
	h.least.Store(inUse() + requestRoom + syncRoom*int64(c.Phones))
	h.pace()
	if first {
		debug.SetGCPercent(-1)
		h.watch()
	}
}

// pace sets the bound, which is for all memory: at least half more heap than is in use, because connections and the
// like may have added to it, and everything else, above all stacks.
func (h *heap) pace() {
	other := read("/memory/classes/total:bytes") - read("/memory/classes/heap/released:bytes") -
		read("/memory/classes/heap/objects:bytes") - read("/memory/classes/heap/free:bytes")
	bound := other + max(h.least.Load(), inUse()*3/2)
	if h.most > 0 {
		bound = min(bound, h.most)
	}
	if bound != debug.SetMemoryLimit(-1) {
		debug.SetMemoryLimit(bound)
	}
}

// watch calls pace after every collection: each collection frees an object that nobody refers to.
func (h *heap) watch() {
	runtime.AddCleanup(new([16]byte), func(h *heap) {
		if !h.ended.Load() {
			h.pace()
			h.watch()
		}
	}, h)
}

// end keeps the bound as it is.
func (h *heap) end() {
	if h != nil {
		h.ended.Store(true)
	}
}

// inUse returns the bytes that the last collection found in use.
func inUse() int64 { return read("/gc/heap/live:bytes") }

func read(metric string) int64 {
	sample := []metrics.Sample{{Name: metric}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
