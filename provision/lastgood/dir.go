package lastgood

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	magic = "phoneprov-last-good"
	// maxFile bounds in bytes what is read: 100,000 phones are some 30 MB, and a larger file is none of ours.
	maxFile = 1 << 30
	// maxHead is longer than every first line.
	maxHead = 256
	// maxNumber is more than anybody saves: beyond it the first line is broken, and the next number must stay a higher one.
	maxNumber = 1 << 62
	beside    = "last-good.new" // what is being written
)

// slots are the two files of a Dir.
var slots = [...]string{"last-good-1", "last-good-2"}

// ErrNotWhole is a file that was not written to its end, or was changed since.
var ErrNotWhole = errors.New("it is not whole")

// Dir is a directory that States are kept in. The directory need not be there before Save.
type Dir struct {
	Path string

	loaded bool
	number uint64            // the highest of both files
	newest int               // of slots; that file is whole
	sum    [sha256.Size]byte // of the State in it
	whole  bool              // one of the files is
}

// head is the first line of a file.
type head struct {
	format int
	number uint64
	length int
	sum    [sha256.Size]byte
}

// Load returns the newest State that is whole; nil where there is none. The error says which files do not count, and why: also
// where there is a State.
func (d *Dir) Load() (*State, error) {
	d.loaded, d.whole, d.number = true, false, 0
	var newest *State
	var found []error
	var best uint64
	for i, name := range slots {
		h, s, err := read(filepath.Join(d.Path, name))
		d.number = max(d.number, h.number)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			found = append(found, fmt.Errorf("%s: %w", name, err))
		case newest == nil || h.number > best:
			newest, best = s, h.number
			d.newest, d.sum, d.whole = i, h.sum, true
		}
	}
	return newest, errors.Join(found...)
}

// Save keeps a State, if it is another one than the newest: saved says so. The one before stays until the next.
func (d *Dir) Save(s *State) (saved bool, err error) {
	if !d.loaded {
		_, _ = d.Load() // what is not whole is replaced
	}
	payload := Encode(s)
	h := head{format: Format, number: d.number + 1, length: len(payload), sum: sha256.Sum256(payload)}
	if d.whole && h.sum == d.sum {
		if _, err := os.Lstat(filepath.Join(d.Path, slots[d.newest])); err == nil {
			return false, nil
		}
	}
	slot := 0
	if d.whole {
		slot = 1 - d.newest
	}
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return false, err
	}
	if err := d.write(slots[slot], h, times(s), payload); err != nil {
		return false, err
	}
	d.number, d.newest, d.sum, d.whole = h.number, slot, h.sum, true
	return true, nil
}

// write makes the file whole on the disk before it gets its name.
func (d *Dir) write(name string, h head, when string, payload []byte) (err error) {
	path := filepath.Join(d.Path, beside)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	_, err = fmt.Fprintf(f, "%s %d %d %d %x %s\n", magic, h.format, h.number, h.length, h.sum, when)
	if err == nil {
		_, err = f.Write(payload)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = cmp.Or(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(d.Path, name)); err != nil {
		return err
	}
	return syncDir(d.Path)
}

// syncDir brings the new name of a file to the disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// times are SavedAt and BuiltAt in the first line: they are not part of what may be the same.
func times(s *State) string {
	return s.SavedAt.UTC().Format(time.RFC3339Nano) + " " + s.BuiltAt.UTC().Format(time.RFC3339Nano)
}

// read reads a file. The head is told as far as it can be read, also with an error.
func read(path string) (h head, s *State, err error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return h, nil, err
	case !info.Mode().IsRegular():
		return h, nil, errors.New("it is no regular file")
	case info.Size() > maxFile:
		return h, nil, fmt.Errorf("it has more than %d bytes", maxFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return h, nil, err
	}
	end := bytes.IndexByte(content[:min(len(content), maxHead)], '\n')
	if end < 0 {
		return h, nil, ErrNotWhole
	}
	saved, built := "", ""
	sum := ""
	line := strings.TrimPrefix(string(content[:end]), magic+" ")
	if _, err := fmt.Sscanf(line, "%d %d %d %64s %s %s", &h.format, &h.number, &h.length, &sum, &saved, &built); h.format > Format {
		return h, nil, fmt.Errorf("its format is %d, and this version of phoneprov knows %d", h.format, Format)
	} else if err != nil || h.format < 1 || h.number > maxNumber {
		return head{}, nil, ErrNotWhole
	}
	payload := content[end+1:]
	h.sum = sha256.Sum256(payload)
	if len(payload) != h.length || hex.EncodeToString(h.sum[:]) != sum {
		return h, nil, ErrNotWhole
	}
	if s, err = Decode(string(payload)); err != nil {
		return h, nil, err
	}
	var savedErr, builtErr error
	s.SavedAt, savedErr = time.Parse(time.RFC3339Nano, saved)
	s.BuiltAt, builtErr = time.Parse(time.RFC3339Nano, built)
	if savedErr != nil || builtErr != nil {
		return h, nil, ErrNotWhole
	}
	return h, s, nil
}
