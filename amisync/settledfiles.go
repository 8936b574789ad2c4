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
)

// states are the states of files by their path; nil: there is no such file.
type states map[string]fs.FileInfo

// statesOf looks at all that was read for some files, and at what was missing.
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

// unsteady names a file that may be in the middle of a change: it changed less than settle before start, when it was going to be
// read, and it is not as it was in the reading before. A missing file is as young as its directory: editors rename files away for a
// moment. Rest is when the file has had its time.
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

// readSteady reads the files until none of them was changing meanwhile: half a file can look like one of which phones were
// deleted. It ends with an error where ctx does.
func (s *Service) readSteady(ctx context.Context) (config provision.Config, read []*astconf.File, err error) {
	var before states
	for {
		start := time.Now()
		config, read, err = s.readFiles()
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

// lossPauses is how many times settle passes before a loss of phones is read again: who writes a file may be held up for longer than
// settle, and to serve a deleted phone for a moment longer harms nobody.
const lossPauses = 2

// confirmed returns the snapshot of in, which no longer has some of the phones that are served, when a moment later the same is read
// once more: Asterisk reads files too while an editor may still be writing them. Where something else is read that counts, as soon
// as it is confirmed or loses no phone. What it was built from is in in then.
func (s *Service) confirmed(ctx context.Context, c *ami.Conn, down error, in *provision.Input, next *provision.Snapshot, found []provision.Diagnostic) (*provision.Snapshot, []provision.Diagnostic, error) {
	for s.served() != nil && provision.Compare(s.served(), next).Removed > 0 {
		if !pause(ctx, lossPauses*s.o.Timing.Settle) {
			return nil, nil, fmt.Errorf("the configuration is being changed without a pause, and phones would be gone: %w", ctx.Err())
		}
		once, lost, err := s.input(ctx, c, down)
		if err != nil {
			return nil, nil, err
		}
		if again, _ := next.UnlessChanged(once, time.Now()); again != nil {
			return next, found, nil
		}
		before := next
		if next, found, err = provision.Build(ctx, once, time.Now()); err != nil {
			return nil, nil, err
		}
		*in, found = once, append(found, lost...)
		if c := provision.Compare(before, next); c.Added+c.Removed == 0 {
			break
		}
	}
	return next, found, nil
}
