package amisync

import "runtime"

// lowly calls a function on a thread of its own that the system runs when nobody else wants the CPU: for what takes long and
// is not urgent, beside an Asterisk whose calls are. Where there is but one CPU it is called as it is: then all others would
// wait for that thread.
func lowly(f func()) {
	if runtime.GOMAXPROCS(0) == 1 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, as its priority cannot be raised again
		lowerPriority()
		f()
	}()
	<-done
}

// manyPhones is from how many phones on a sync is long enough to be felt: 40 ms.
const manyPhones = 10_000
