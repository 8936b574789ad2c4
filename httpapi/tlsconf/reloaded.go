package tlsconf

import (
	"crypto/sha256"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	// recheck is how long files are taken to be as they were read.
	recheck = time.Second
	// maxFile is the most bytes of a file: the bundle of all public CAs has a fifth of it.
	maxFile = 1 << 20
)

// reloaded is a value that is made from files, and made again when they change. Load it once, then get it.
type reloaded[T any] struct {
	what  string // for the log
	paths []string
	parse func(texts [][]byte) (*T, error)
	log   zerolog.Logger

	current atomic.Pointer[T]

	checking sync.Mutex // held by the one who reads; the others do not wait for it
	checked  time.Time
	sum      [sha256.Size]byte // of the texts that current was made from
	problem  string            // that was found the last time
	told     bool              // the log has it
}

// load reads the files now.
func (r *reloaded[T]) load() error {
	r.checking.Lock()
	defer r.checking.Unlock()
	_, err := r.read()
	return err
}

// get is the newest good value.
func (r *reloaded[T]) get() *T {
	if r.checking.TryLock() {
		defer r.checking.Unlock()
		if time.Since(r.checked) >= recheck {
			r.check()
		}
	}
	return r.current.Load()
}

// check takes what has changed. A problem is logged when it is there for the second time: of two files one may have been
// renamed into its place, and the other not yet.
func (r *reloaded[T]) check() {
	changed, err := r.read()
	switch {
	case err == nil:
		r.problem = ""
		if changed {
			r.log.Info().Strs("files", r.paths).Msg(r.what + " reloaded")
		}
	case err.Error() != r.problem:
		r.problem, r.told = err.Error(), false
	case !r.told:
		r.told = true
		r.log.Error().AnErr("error", err).Msg(r.what + " cannot be reloaded; the last good one stays")
	}
}

func (r *reloaded[T]) read() (changed bool, err error) {
	r.checked = time.Now()
	texts := make([][]byte, len(r.paths))
	h := sha256.New()
	for i, path := range r.paths {
		if texts[i], err = readFile(path); err != nil {
			return false, err
		}
		fmt.Fprintf(h, "%d ", len(texts[i]))
		h.Write(texts[i])
	}
	sum := [sha256.Size]byte(h.Sum(nil))
	if r.current.Load() != nil && sum == r.sum {
		return false, nil
	}
	v, err := r.parse(texts)
	if err != nil {
		return false, fmt.Errorf("%s: %w", r.paths[0], err)
	}
	r.sum = sum
	r.current.Store(v)
	return true, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s: not a file of at most %d bytes", path, maxFile)
	}
	return os.ReadFile(path)
}
