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
	// settled is the age from which a file's time tells every change: two writes within one tick of a file system's clock
	// have the same time.
	settled = 2 * time.Second
)

// Options say what is read, and how.
type Options[T any] struct {
	Paths    []string
	MaxBytes int64 // of one file
	// Parse makes the value from the texts of the files, in the order of Paths. Last is the value in use; nil: the first.
	Parse func(texts [][]byte, last *T) (*T, error)
	// Told is called when a new value is in use, with nil, and when there is a problem, with the error. The same problem is
	// told once. One with several files is told when it is found twice: the second file may not be in its place yet, after
	// the first was renamed. Get calls it. Nil: nobody is told.
	Told func(error)
}

// Files is the value of type T that was parsed from the files.
type Files[T any] struct {
	o       Options[T]
	current atomic.Pointer[T]

	checking sync.Mutex // held by the caller that looks at the files, and for the fields below
	checked  time.Time
	seen     []fs.FileInfo     // the states of the files that were read last; nil: not all could be
	sum      [sha256.Size]byte // of the texts that current was parsed from
	problem  string            // found by the last reading
	told     bool              // Told has heard of the problem
}

// New reads the files, and returns the error where they are not good.
func New[T any](o Options[T]) (*Files[T], error) {
	f := &Files[T]{o: o, checked: time.Now()}
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Get returns the newest good value.
func (f *Files[T]) Get() *T { return f.GetAt(time.Now()) }

// GetAt is Get at another time.
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

// unchanged reports that the files are those that were read, and were old enough when they were looked at before.
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

// read parses the files where their texts are not those of the current value.
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
