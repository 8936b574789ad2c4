package amisync

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// manyPhones is from how many phones on a sync spares memory: with fewer there is little to spare.
	manyPhones = 10_000
	// syncBytes is how much more memory a sync may take for each phone, with the requests of that time: the configuration and
	// the new snapshot are 1,700 bytes (measured, sections of nine options).
	syncBytes = 2_000
)

// sparing bounds the memory of a sync, when so many phones are served, until end is called. By itself the collector runs
// when there is twice as much as when it last ran: often while a sync begins, and then, as that holds two snapshots and the
// configuration for a moment, not for long. A lower limit of the administrator's stays. Where the configuration has grown
// so much that the bound is too low, this one sync is slower.
func sparing(phones int) (end func()) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	limit := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, int64(live[0].Value.Uint64())+int64(phones)*syncBytes))
	percent := debug.SetGCPercent(-1)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// collect runs the collector when a sync has ended, so that the next time goes by what is in use from then on.
func collect(phones int) {
	if phones >= manyPhones {
		runtime.GC()
	}
}
