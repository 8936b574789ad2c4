//go:build unix

package datadir

import "syscall"

// openAtOnce opens a pipe without waiting for its writer.
const openAtOnce = syscall.O_NONBLOCK
