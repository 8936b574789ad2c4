package amisync

import "syscall"

// lowNice is the niceness of setpriority(2) with which a thread still gets a tenth of a busy CPU. So a sync takes ten
// times as long, but ends.
const lowNice = 10

// lowerPriority lowers the priority of the calling thread alone, which only Linux supports.
func lowerPriority() {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, lowNice) // Linux never refuses this; if it did, the priority would stay
}
