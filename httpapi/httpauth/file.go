package httpauth

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxFile is in bytes: 100,000 phones with three lines each have 25 MB.
	maxFile = 64 << 20
	// lookEvery is how often a request may look whether the file changed.
	lookEvery = time.Second
	// settled is the age from which a file's time tells every change: within the tick of a file system's clock, two
	// writes have the same.
	settled = 2 * time.Second
)

// File is a file of phones' credentials, read again when it changes.
type File struct{ reread[table] }

// Open reads the file. Reloaded, if not nil, is told how each later reading ended, once: nil, or why the credentials from
// before stay. It is called during a request.
func Open(path string, reloaded func(error)) (*File, error) {
	f := &File{}
	if err := f.open(path, reloaded, nextTable); err != nil {
		return nil, err
	}
	return f, nil
}

// table is the newest that is valid.
func (f *File) table() *table { return f.get() }

// nextTable is the table of a file that had the old one before; nil: this is the first reading.
func nextTable(path string, data []byte, old *table) (*table, error) {
	t, err := parseTable(path, data)
	if err == nil && old != nil {
		t.keepVerified(old)
	}
	return t, err
}

// reread is a file that is read again when it changes. A change is seen by its time, its size, or by another file of that
// name. What it held last that was valid stays until then.
type reread[T any] struct {
	path     string
	reloaded func(error)
	parse    func(path string, data []byte, old *T) (*T, error)
	current  atomic.Pointer[T]

	mu     sync.Mutex // for the below: who has it looks, the others go on with what there is
	looked time.Time
	seen   os.FileInfo       // what was read last, or tried to; nil where nothing could be
	sum    [sha256.Size]byte // of what is current
	failed string            // the error that was told last
}

// open reads the file for the first time.
func (f *reread[T]) open(path string, reloaded func(error), parse func(string, []byte, *T) (*T, error)) error {
	f.path, f.reloaded, f.parse, f.looked = path, reloaded, parse, time.Now()
	_, err := f.read()
	return err
}

// get is what the file holds, the newest that is valid.
func (f *reread[T]) get() *T {
	f.look(time.Now())
	return f.current.Load()
}

func (f *reread[T]) look(now time.Time) {
	if !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	if now.Sub(f.looked) < lookEvery {
		return
	}
	before := f.looked
	f.looked = now
	if info, err := os.Stat(f.path); err == nil && f.same(info, before) {
		return
	}
	changed, err := f.read()
	switch {
	case err != nil:
		if err.Error() == f.failed {
			return
		}
		f.failed = err.Error()
	case changed || f.failed != "":
		f.failed = ""
	default:
		return // written anew, or only touched
	}
	if f.reloaded != nil {
		f.reloaded(err)
	}
}

// same reports that this is the file that was seen, and that it was old enough then.
func (f *reread[T]) same(info os.FileInfo, then time.Time) bool {
	if f.seen == nil || !os.SameFile(f.seen, info) || f.seen.Size() != info.Size() || !f.seen.ModTime().Equal(info.ModTime()) {
		return false
	}
	age := then.Sub(info.ModTime())
	return age < 0 || age >= settled // a time that is still to come would be young for ever
}

// read makes the file current if it is valid and other than before.
func (f *reread[T]) read() (changed bool, err error) {
	data, info, err := readFile(f.path)
	f.seen = info
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(data)
	if f.current.Load() != nil && sum == f.sum {
		return false, nil
	}
	t, err := f.parse(f.path, data, f.current.Load())
	if err != nil {
		return false, err
	}
	f.sum = sum
	f.current.Store(t)
	return true, nil
}

// readFile reads a file of credentials, and says what it was when it was opened. What cannot be read has no info: a change
// of its mode alone does not show there.
func readFile(path string) ([]byte, os.FileInfo, error) {
	info, err := os.Stat(path) // before it is opened: a pipe would wait for its writer
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, nil, err
	}
	if info.Size() > maxFile {
		return nil, info, errTooLong(path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile)) // what grows meanwhile is read again
	if err != nil {
		return nil, nil, err
	}
	return data, info, nil
}

func errTooLong(path string) error {
	return fmt.Errorf("%s: longer than %d bytes", path, maxFile)
}
