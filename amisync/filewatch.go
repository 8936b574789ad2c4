package amisync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// mostWait is the number of quiet periods after which changes that never pause are read.
const mostWait = 10

// fileWatcher reports changes in the directories of the files that were read. So it sees a rename by an editor, a new
// file that a glob matches, and a file that was missing.
type fileWatcher struct {
	notify *fsnotify.Watcher
	quiet  time.Duration
	dir    string

	mu   sync.Mutex
	dirs map[string]bool
}

func newFileWatcher(quiet time.Duration, dir string) (*fileWatcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &fileWatcher{notify: n, quiet: quiet, dir: dir}
	if _, err := w.watch(nil); err != nil {
		_ = n.Close()
		return nil, err
	}
	return w, nil
}

// watch sets the directories to watch: the configuration's own, those of the files, and those that the files' symbolic
// links lead to. A missing directory is not an error: its parent, or the next sync, notices when it is back. more says
// that a directory was added. A change in it, after its files were read, was not seen.
func (w *fileWatcher) watch(files []*astconf.File) (more bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	dirs := map[string]bool{w.dir: true}
	for _, file := range files {
		for _, dir := range file.Dirs {
			dirs[dir] = true
		}
		for _, path := range file.Sources {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				dirs[filepath.Dir(real)] = true
			}
		}
	}
	for dir := range dirs {
		if failed := w.notify.Add(dir); failed == nil {
			more = more || !w.dirs[dir]
		} else {
			delete(dirs, dir)
			if !errors.Is(failed, fs.ErrNotExist) {
				err = fmt.Errorf("watch %s: %w", dir, failed)
			}
		}
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			_ = w.notify.Remove(dir)
		}
	}
	w.dirs = dirs
	return more, err
}

// run calls changed after a change, when no more changes come, until the context ends.
func (w *fileWatcher) run(ctx context.Context, changed func()) {
	defer w.notify.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-w.notify.Errors:
			if !ok {
				return
			}
		case _, ok := <-w.notify.Events:
			if !ok {
				return
			}
		}
		if !settle(ctx, w.notify.Events, w.quiet) { // after an error too, because changes were lost
			return
		}
		changed()
	}
}

// settle receives events until none comes for a quiet period, or until mostWait periods are over.
func settle[T any](ctx context.Context, events <-chan T, quiet time.Duration) bool {
	most := time.After(mostWait * quiet)
	for {
		select {
		case <-ctx.Done():
			return false
		case _, ok := <-events:
			if !ok {
				return false
			}
		case <-time.After(quiet):
			return true
		case <-most:
			return true
		}
	}
}
