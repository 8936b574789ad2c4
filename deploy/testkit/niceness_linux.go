package testkit

import (
	"syscall"
	"testing"
)

// Niceness returns the niceness of the calling thread, as setpriority(2) takes it.
func Niceness(tb testing.TB) int {
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		tb.Error(err)
	}
	return 20 - raw // as the kernel gives it
}
