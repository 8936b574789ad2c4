package datadir

import (
	"io/fs"
	"os"
	"sync"
)

// directory is a directory that is found by its path. If another directory has that path now, after a rename or behind
// a symbolic link, it is that one. While there is none, it is the last one that there was.
type directory struct {
	path string
	mu   sync.Mutex
	open *os.Root // nil: there was none so far
	info fs.FileInfo
}

// root opens the directory unless it is open. A replaced root stays usable for those who have it; the runtime closes it
// when it is unused.
func (d *directory) root() (*os.Root, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := os.Stat(d.path)
	if d.open != nil && (err != nil || os.SameFile(info, d.info)) {
		return d.open, nil
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	d.open, d.info = root, info
	return root, nil
}

func (d *directory) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		return nil
	}
	return d.open.Close()
}
