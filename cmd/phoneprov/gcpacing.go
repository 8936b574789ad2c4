package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"

	"github.com/phoneprov/phoneprov/provision"
)

// Room is what the memory may grow by before the collector runs.
const (
	// requestRoom is for requests, in bytes: at 50,000/s the collector runs seven times a second in place of a hundred (measured).
	requestRoom = 32 << 20
	// syncRoom is for two syncs of a phone, in bytes: the configuration and the next snapshot are 850 (measured, sections of nine
	// options).
	syncRoom = 1_800
)

// heap has the collector run when the memory has grown by what requests and syncs take. By itself it runs when it has doubled:
// many times a second where few phones are served, and in the middle of a sync where many are. That is 40 to 50 MB in place of 20
// for a small site; for 100,000 phones no more than a sync takes. Where the memory has a limit it is never more than most. What GOGC
// and GOMEMLIMIT say stays. A nil heap does nothing.
type heap struct {
	most   int64 // bytes of all memory of the runtime; 0: no bound
	mu     sync.Mutex
	phones int          // that least is for; -1: there is none yet
	least  atomic.Int64 // bytes of the heap before the collector runs, at the least
	ended  atomic.Bool
}

// newHeap is nil where the administrator has set the collector: then it only keeps to most, unless GOMEMLIMIT is set.
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

// synced is told what is served from now on. Where that is about as much as before the bound stays; then the collector runs if
// it would else in the next sync, whose configuration it would have to look through too.
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

// pace sets the bound, which is of all memory: for the heap at least half more than is in use, which may have grown, as by
// connections; and what else there is, stacks above all.
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

// watch paces after every collection: an object that nobody has is collected by each.
func (h *heap) watch() {
	runtime.AddCleanup(new([16]byte), func(h *heap) {
		if !h.ended.Load() {
			h.pace()
			h.watch()
		}
	}, h)
}

// end leaves the bound as it is.
func (h *heap) end() {
	if h != nil {
		h.ended.Store(true)
	}
}

// inUse is what the last collection found in use, in bytes.
func inUse() int64 { return read("/gc/heap/live:bytes") }

func read(metric string) int64 {
	sample := []metrics.Sample{{Name: metric}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
