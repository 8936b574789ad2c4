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

// mostWait is how many times the quiet period may pass before changes that never rest are taken up.
const mostWait = 10

// watcher tells of changes in directories: those of the files that were read, so that an editor's rename, a new file that
// a glob matches and a file that was missing are all seen.
type watcher struct {
	notify *fsnotify.Watcher
	quiet  time.Duration
	dir    string

	mu   sync.Mutex
	dirs map[string]bool
}

func newWatcher(quiet time.Duration, dir string) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{notify: n, quiet: quiet, dir: dir}
	if _, err := w.watch(nil); err != nil {
		_ = n.Close()
		return nil, err
	}
	return w, nil
}

// watch sets what is watched besides the configuration's own directory: those of the files, and those that the files'
// symbolic links lead to. A directory that is missing is no error: the one it was in, or the next sync, tells when it is back.
// More says that a directory was added: what changed there since its files were read was not seen.
func (w *watcher) watch(files []*astconf.File) (more bool, err error) {
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

// run calls changed when a change has come to rest, until the context ends.
func (w *watcher) run(ctx context.Context, changed func()) {
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
		if !settle(ctx, w.notify.Events, w.quiet) { // an error is a change too: some were lost
			return
		}
		changed()
	}
}

// settle takes events until none came for a quiet period, or for too long.
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
