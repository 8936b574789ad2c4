package amisync

import "syscall"

// lowNice is a tenth of the CPU where all of it is wanted, by setpriority(2): a sync then takes ten times as long, and ends.
const lowNice = 10

// lowerPriority is for the thread alone that calls it, which is Linux's own way.
func lowerPriority() {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, lowNice) // never refused; else it is as without
}
