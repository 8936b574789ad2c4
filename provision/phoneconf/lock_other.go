//go:build !unix

package phoneconf

import (
	"io/fs"
	"os"
)

// lock does nothing: Asterisk runs on Unix only.
func lock(string) (unlock func(), err error) { return func() {}, nil }

// chown does nothing: there are no owners of this kind.
func chown(*os.File, fs.FileInfo) error { return nil }
