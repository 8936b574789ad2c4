//go:build !unix

package uploads

// openAtOnce is not needed on systems without pipes in the file system.
const openAtOnce = 0
