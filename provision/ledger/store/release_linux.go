package store

import (
	"syscall"
	"time"
	"unsafe"
)

// releaseEvery is the least time between two releases.
const releaseEvery = 10 * time.Second

// release drops the file's pages from the process's memory. They stay in the system's page cache. Without it, all of a
// file of 400 MB would in time count as memory of the process. The caller holds the lock.
//
// The file may be larger than bbolt's mapping of it, and beyond the mapping may be the memory of others. So attempt maps
// MaxSize bytes from the start, and release drops no more.
func (d *DB) release() {
	if d.db == nil || time.Since(d.released) < releaseEvery {
		return
	}
	d.released = time.Now()
	info, size := d.db.Info(), min(d.size.Load(), int64(mapped(d.o)))
	if size == 0 {
		return
	}
	data := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&info.Data))), size)
	_ = syscall.Madvise(data, syscall.MADV_DONTNEED) // advice only: a failure costs memory
}

// mapped returns the least number of bytes of address space that bbolt maps.
func mapped(o Options) int { return o.MaxSize }
