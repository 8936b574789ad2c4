package amisync

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/background"
)

// states has the states of files by path; nil: the file does not exist.
type states map[string]fs.FileInfo

// statesOf returns the states of all paths that were read for some files, or were missing.
func statesOf(files []*astconf.File) states {
	now := states{}
	for _, file := range files {
		for _, path := range file.Sources {
			info, err := os.Stat(path)
			if err != nil {
				info = nil
			}
			now[path] = info
		}
	}
	return now
}

// unsteady returns the path of a file that may be in the middle of a change: it changed less than settle before start,
// when reading began, and since the reading before. A missing file is as young as its directory, because editors rename
// files away for a moment. rest is the time until the file will be old enough. path is "" if there is no such file.
func (now states) unsteady(before states, start time.Time, settle time.Duration) (path string, rest time.Duration) {
	for name, info := range now {
		at := info
		if info == nil {
			at, _ = os.Stat(filepath.Dir(name))
		}
		if at == nil || start.Sub(at.ModTime()) >= settle {
			continue
		}
		if had, ok := before[name]; ok && sameState(had, info) {
			continue
		}
		left := min(settle-time.Since(at.ModTime()), settle)
		if path == "" || left > rest {
			path, rest = name, left
		}
	}
	return path, rest
}

func sameState(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// readSteady reads the files until none of them was changing meanwhile, because in half a file phones seem to be
// deleted. It returns an error if ctx ends before.
func (s *Service) readSteady(ctx context.Context) (config provision.Config, read []*astconf.File, err error) {
	var before states
	for {
		var start time.Time // of the read, which may wait for its turn
		background.Turn(func() {
			start = time.Now()
			config, read, err = s.readFiles()
		})
		now := statesOf(read)
		path, rest := now.unsteady(before, start, s.o.Timing.Settle)
		if path == "" {
			return config, read, err
		}
		before = now
		if !pause(ctx, max(rest, time.Millisecond)) {
			return nil, read, fmt.Errorf("%s is being changed without a pause: %w", path, ctx.Err())
		}
	}
}

// lossPauses is the number of settle times after which a loss of phones is read again. The writer of a file may be
// delayed for longer than settle, and serving a deleted phone for a moment longer harms nobody.
const lossPauses = 2

// confirmed checks a snapshot that lost phones: it reads again a moment later, because Asterisk may read a file while
// an editor writes it. If both reads agree, it returns the snapshot. If they differ, the newer one replaces it, once it
// is confirmed or loses no phone. The result is never nil.
func (s *Service) confirmed(ctx context.Context, c *ami.Conn, down error, b *built) (*built, error) {
	for s.base() != nil && provision.LossOf(s.base(), b.next).Lost > 0 {
		if !pause(ctx, lossPauses*s.o.Timing.Settle) {
			return b, fmt.Errorf("the configuration is being changed without a pause, and phones would be gone: %w", ctx.Err())
		}
		in, lost, err := s.input(ctx, c, down)
		if err != nil {
			return b, err
		}
		if again, _ := unlessChanged(b.next, in); again != nil {
			return b, nil
		}
		before := b
		if b, err = buildOf(ctx, in, lost); err != nil {
			return b, err
		}
		if c := provision.Compare(before.next, b.next); c.Added+c.Removed == 0 {
			break
		}
	}
	return b, nil
}
