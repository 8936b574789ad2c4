//go:build !unix

package datadir

// openAtOnce means nothing where there are no pipes among the files.
const openAtOnce = 0
