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
func (d *DB) release() {
	if d.db == nil || time.Since(d.released) < releaseEvery {
		return
	}
	d.released = time.Now()
	info, size := d.db.Info(), d.size.Load()
	if size == 0 {
		return
	}
	data := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&info.Data))), size)
	_ = syscall.Madvise(data, syscall.MADV_DONTNEED) // advice only: a failure costs memory
}
