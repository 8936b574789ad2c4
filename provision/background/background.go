// Package background keeps long work out of the way of requests. Such work is a read of the configuration, a commit of
// the ledger, and the comparison of many phones.
package background

import (
	"runtime"
	"sync"
	"time"
)

// turn is held by the work whose turn it is.
var turn = make(chan struct{}, 1)

// maxWait bounds how long Turn waits: longer than a snapshot of 100,000 phones takes to build.
const maxWait = time.Second

// Turn calls f when no other turn runs. So the background keeps one CPU busy at most, and requests have the others. With
// two CPUs and both busy, Go would look for requests only every 10 ms.
//
// f should not wait for others. If it does, because a disk or an Asterisk hangs, the next turn begins after a second
// nevertheless. f must not call Turn.
func Turn(f func()) {
	select {
	case turn <- struct{}{}:
	default:
		most := time.NewTimer(maxWait)
		defer most.Stop()
		select {
		case turn <- struct{}{}:
		case <-most.C:
			f()
			return
		}
	}
	defer func() { <-turn }()
	f()
}

// processors guards changes of GOMAXPROCS.
var processors sync.Mutex

// AtLowPriority calls f on a thread of its own, which the system runs when nobody else wants the CPU. It is for long work
// that is not urgent, because Asterisk and its calls may be on the same machine.
//
// While f runs, GOMAXPROCS is one more. Otherwise requests would have one processor of Go less for as long as the system
// does not run the thread. From the first call on, Go no longer follows changes of the cgroup's limit of CPUs.
func AtLowPriority(f func()) {
	addProcessors(1) // not on the thread, because that stops all others for a moment
	defer addProcessors(-1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, because its priority cannot be raised again
		lowerPriority()
		f()
	}()
	<-done
}

func addProcessors(n int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
