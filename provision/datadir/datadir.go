package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

// Dir is a directory of templates and static files. No name and no symbolic link leads out of it. Files that are still
// being written are not read: see Template and Open.
type Dir struct {
	// LookEvery is how long a look at a template's file holds. Zero: each call looks. It is set before the first use.
	LookEvery time.Duration

	data, config directory // config is for the function STAT
	mu           sync.RWMutex
	good         map[string]*Template // the last good state of each template, by name
	young        map[string]sighting  // files that had changed recently when they were last looked at, by name
	etags        etags
}

// Open opens the directory. configDir is Asterisk's configuration directory, whose files the function STAT may see. It
// may be missing.
func Open(dir, configDir string) (*Dir, error) {
	d := &Dir{good: map[string]*Template{}, young: map[string]sighting{}}
	d.data.path, d.config.path = dir, configDir
	if _, err := d.data.root(); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return d, nil
}

// Path returns the path of the directory, as Open got it.
func (d *Dir) Path() string { return d.data.path }

// Close closes the directory.
func (d *Dir) Close() error { return errors.Join(d.data.close(), d.config.close()) }

// LocalName returns a configured name as a path under the directory. Asterisk puts the directory before every name, so
// a leading slash means nothing.
func LocalName(name string) string {
	if name = strings.TrimLeft(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

// openRegular opens a regular file. Anything else is fs.ErrNotExist.
func (d *Dir) openRegular(name string) (*os.File, fs.FileInfo, error) {
	root, err := d.data.root()
	if err != nil {
		return nil, nil, err
	}
	info, err := root.Stat(LocalName(name)) // before opening: opening a pipe waits for its writer
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := root.OpenFile(LocalName(name), os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() { // it was replaced in between
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// Names lists the regular files under the directory, in lexical order.
func (d *Dir) Names() ([]string, error) {
	var names []string
	root, err := d.data.root()
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// Stat answers the function STAT. It finds files of the data and the configuration directory only: by their absolute
// path, or by their path under the data directory.
func (d *Dir) Stat(name string) (fs.FileInfo, error) {
	if !path.IsAbs(name) {
		root, err := d.data.root()
		if err != nil {
			return nil, err
		}
		return root.Stat(LocalName(name))
	}
	for _, dir := range []*directory{&d.data, &d.config} {
		if rel, ok := strings.CutPrefix(path.Clean(name), path.Clean(dir.path)+"/"); ok {
			root, err := dir.root()
			if err != nil {
				return nil, err
			}
			return root.Stat(rel)
		}
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
}
