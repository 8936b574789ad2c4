//go:build !linux

package store

func (d *DB) release() {}

// mapped returns zero: bbolt maps what the file needs. On Windows, a mapping makes the file as large as itself.
func mapped(Options) int { return 0 }
