package background

import "syscall"

// Niceness is that of AtLowPriority, as in setpriority(2). With it a thread still gets a tenth of a busy CPU. So its work
// takes ten times as long, but ends.
const Niceness = 10

// lowerPriority lowers the priority of the calling thread alone, which only Linux supports.
func lowerPriority() {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, Niceness) // Linux never refuses this; if it did, the priority would stay
}
