package reload

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phoneprov/phoneprov/provision/regularfile"
)

const (
	// Interval is the time from one look at the files to the next.
	Interval = time.Second
	// settled is the age from which a file's time shows every change. Two writes within one tick of a file system's
	// clock have the same time.
	settled = 2 * time.Second
)

// Options say what is read and how it is parsed.
type Options[T any] struct {
	Paths    []string
	MaxBytes int64 // of one file
	// Parse returns the value of the files' texts, which are in the order of Paths. last is the value in use, or nil
	// for the first.
	Parse func(texts [][]byte, last *T) (*T, error)
	// Told is called with nil when a new value is in use, and with an error when there is a problem. The same problem
	// is reported once. A problem with several files is reported when it is found twice: after the first file was
	// renamed, the second may not be in its place yet. Get calls Told. It may be nil.
	Told func(error)
}

// Files is the value of type T that was parsed from the files.
type Files[T any] struct {
	o       Options[T]
	current atomic.Pointer[T]

	checking sync.Mutex // held by the caller that looks at the files, and for the fields below
	checked  time.Time
	seen     []fs.FileInfo     // states of the files that were read last; nil: one could not be read
	sum      [sha256.Size]byte // of the texts that current was parsed from
	problem  string            // found by the last reading
	told     bool              // Told was called with the problem
}

// New reads the files. It returns an error if one cannot be read or parsed.
func New[T any](o Options[T]) (*Files[T], error) {
	f := &Files[T]{o: o, checked: time.Now()}
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Get returns the newest good value.
func (f *Files[T]) Get() *T { return f.GetAt(time.Now()) }

// GetAt is Get at a given time.
func (f *Files[T]) GetAt(now time.Time) *T {
	if f.checking.TryLock() {
		defer f.checking.Unlock()
		if now.Sub(f.checked) >= Interval {
			f.check(now)
		}
	}
	return f.current.Load()
}

func (f *Files[T]) check(now time.Time) {
	before := f.checked
	f.checked = now
	if (f.problem == "" || f.told) && f.unchanged(before) {
		return
	}
	changed, err := f.read()
	switch {
	case err == nil && !changed && !f.told: // written again with the same text, or touched
		f.problem = ""
		return
	case err == nil:
		f.problem, f.told = "", false
	case err.Error() != f.problem:
		f.problem, f.told = err.Error(), len(f.o.Paths) == 1
		if !f.told {
			return
		}
	case f.told:
		return
	default:
		f.told = true
	}
	if f.o.Told != nil {
		f.o.Told(err)
	}
}

// unchanged reports whether the files are the ones that were read, and were already settled when they were looked at
// before.
func (f *Files[T]) unchanged(before time.Time) bool {
	if f.seen == nil {
		return false
	}
	for i, path := range f.o.Paths {
		info, err := os.Stat(path)
		seen := f.seen[i]
		if err != nil || !os.SameFile(seen, info) || seen.Size() != info.Size() || !seen.ModTime().Equal(info.ModTime()) {
			return false
		}
		if age := before.Sub(info.ModTime()); age >= 0 && age < settled { // a file with a time in the future never gets old
			return false
		}
	}
	return true
}

// read parses the files if their texts differ from those of the current value.
func (f *Files[T]) read() (changed bool, err error) {
	f.seen = nil
	seen := make([]fs.FileInfo, len(f.o.Paths))
	texts := make([][]byte, len(f.o.Paths))
	h := sha256.New()
	for i, path := range f.o.Paths {
		if texts[i], seen[i], err = regularfile.Read(path, f.o.MaxBytes); err != nil {
			return false, err
		}
		fmt.Fprintf(h, "%d ", len(texts[i]))
		h.Write(texts[i])
	}
	f.seen = seen
	sum := [sha256.Size]byte(h.Sum(nil))
	last := f.current.Load()
	if last != nil && sum == f.sum {
		return false, nil
	}
	value, err := f.o.Parse(texts, last)
	if err != nil {
		return false, err
	}
	f.sum = sum
	f.current.Store(value)
	return true, nil
}
