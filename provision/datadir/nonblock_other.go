//go:build !unix

package datadir

// openAtOnce has no effect on systems without pipes among the files.
const openAtOnce = 0
