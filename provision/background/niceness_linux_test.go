package background

import (
	"syscall"
	"testing"
)

// A function runs at low priority, and the goroutine that calls AtLowPriority keeps its own.
func TestNiceness(t *testing.T) {
	nice := func() int {
		raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
		if err != nil {
			t.Error(err)
		}
		return 20 - raw // as the kernel gives it
	}
	before, during := nice(), 0
	AtLowPriority(func() { during = nice() })
	if after := nice(); during != Niceness || after != before {
		t.Errorf("%d before, %d during, %d afterwards", before, during, after)
	}
}
