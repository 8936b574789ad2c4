//go:build !unix

package provision

// openAtOnce means nothing where there are no pipes among the files.
const openAtOnce = 0
