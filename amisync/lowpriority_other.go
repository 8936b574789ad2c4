//go:build !linux

package amisync

// lowerPriority does nothing: elsewhere there is no priority of a thread alone.
func lowerPriority() {}
