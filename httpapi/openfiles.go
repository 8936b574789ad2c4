package httpapi

import "syscall"

// minConnections is the bound where there is hardly a limit of open files: phones come one after the other then.
const minConnections = 8

// raiseOpenFiles raises the soft limit of open files to the hard one, and returns it.
func raiseOpenFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	if raised := (syscall.Rlimit{Cur: limit.Max, Max: limit.Max}); limit.Cur < limit.Max && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		limit = raised
	}
	return int(min(limit.Cur, 1<<30)) // it may be without limit
}

// connectionsWithin is how many connections a limit of open files has room for: each has two, its own and that of the file that
// it is sent. The others are kept free, or half of the limit where it is low.
func connectionsWithin(limit, others int) int {
	return min(maxConnections, max(minConnections, (limit-min(others, limit/2))/2))
}
