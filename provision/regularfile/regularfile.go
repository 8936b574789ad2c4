// Package regularfile reads files whose size is bounded. It never opens a pipe or a device, which could block.
package regularfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Read returns the content of a regular file of at most max bytes, and its state when it was opened. For a file that is
// longer the state is returned with the error.
func Read(path string, max int64) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path) // before it is opened: opening a pipe waits for its writer
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, nil, err
	}
	if info.Size() > max {
		return nil, info, TooLong(path, max)
	}
	data, err := io.ReadAll(io.LimitReader(file, max+1)) // it may grow meanwhile
	switch {
	case err != nil:
		return nil, nil, err
	case int64(len(data)) > max:
		return nil, info, TooLong(path, max)
	}
	return data, info, nil
}

// TooLong is the error for a file of more than max bytes.
func TooLong(path string, max int64) error {
	return fmt.Errorf("%s: longer than %d bytes", path, max)
}
