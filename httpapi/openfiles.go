package httpapi

import "syscall"

// minConnections is the bound if the limit of open files is tiny: phones then come one after the other.
const minConnections = 8

// raiseOpenFiles raises the soft limit of open files to the hard limit, and returns it. It returns 0 if there is no
// such limit.
func raiseOpenFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	if raised := (syscall.Rlimit{Cur: limit.Max, Max: limit.Max}); limit.Cur < limit.Max && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		limit = raised
	}
	return int(min(limit.Cur, 1<<30)) // the limit may be infinite
}

// connectionsWithin returns how many connections a limit of open files allows. A connection needs two: its own, and
// that of the file which it is sent. The number others, or half of a low limit, stays free.
func connectionsWithin(limit, others int) int {
	return min(maxConnections, max(minConnections, (limit-min(others, limit/2))/2))
}
