//go:build !unix

package phoneconf

import (
	"io/fs"
	"os"
)

// lock does nothing, because Asterisk runs on Unix only.
func lock(string) (unlock func(), err error) { return func() {}, nil }

// chown does nothing, because these systems have no such owners.
func chown(*os.File, fs.FileInfo) error { return nil }
