//go:build !linux

package dialplan

import "io/fs"

// fileTime returns the time of modification, the only one that Go has on every system.
func fileTime(info fs.FileInfo, _ byte) int64 { return info.ModTime().Unix() }
