package store

import (
	"syscall"
	"time"
	"unsafe"
)

// releaseEvery is how often the pages of the file that are mapped are given back.
const releaseEvery = 10 * time.Second

// release gives the pages of the file back that are mapped into our memory: they stay in the system's cache, and count no more as memory of
// ours. In time all of a file of 400 MB would. It is called with the lock held.
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
	_ = syscall.Madvise(data, syscall.MADV_DONTNEED) // it is for the memory only
}
