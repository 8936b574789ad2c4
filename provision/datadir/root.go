package datadir

import (
	"io/fs"
	"os"
	"sync"
)

// directory is a directory by its path: where another one has taken its place, a renamed one or one that a symbolic link
// leads to now, it is that one. While there is none it is the last one there was.
type directory struct {
	path string
	mu   sync.Mutex
	open *os.Root // nil: there was none yet
	info fs.FileInfo
}

// root opens the directory where it is not open yet. The root that is replaced stays usable for who has it; the runtime
// closes it when nobody does.
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
