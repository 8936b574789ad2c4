//go:build !linux

package background

// lowerPriority does nothing, because the priority of a single thread cannot be lowered here.
func lowerPriority() {}
