package amisync

import "runtime"

// atLowPriority calls a function on a thread of its own, which the system runs when nobody else wants the CPU. It is
// for long work that is not urgent, because Asterisk and its calls may be on the same machine. With a single CPU it
// just calls the function: all other goroutines would have to wait for that thread.
func atLowPriority(f func()) {
	if runtime.GOMAXPROCS(0) == 1 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, because its priority cannot be raised again
		lowerPriority()
		f()
	}()
	<-done
}

// manyPhones is the number of phones from which a sync takes long enough to be noticed: 40 ms.
const manyPhones = 10_000
