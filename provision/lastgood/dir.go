package lastgood

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	magic = "phoneprov-last-good"
	// maxFile bounds a file in bytes: 100,000 phones take some 30 MB. Load rejects a larger file.
	maxFile = 1 << 30
	// maxHead is longer than every first line.
	maxHead = 256
	// maxNumber is more than any Dir reaches. A larger number means a broken first line: the next number must be able
	// to grow.
	maxNumber = 1 << 62
	beside    = "last-good.new" // Save writes here, then renames
)

// slots are the two files of a Dir.
var slots = [...]string{"last-good-1", "last-good-2"}

// ErrNotWhole means that a file is truncated or was changed.
var ErrNotWhole = errors.New("it is not whole")

// Dir is a directory that holds States. Save creates the directory if it is missing.
type Dir struct {
	Path string

	loaded bool
	number uint64            // the highest NUMBER of both files
	newest int               // index in slots of the newest whole file
	sum    [sha256.Size]byte // checksum of its State
	whole  bool              // one of the files is whole
}

// head is the first line of a file.
type head struct {
	format int
	number uint64
	length int
	sum    [sha256.Size]byte
}

// Load returns the newest State that is whole, or nil if there is none. The error names the files that are not whole,
// and why. Load may return both a State and an error.
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

// Save stores a State if it differs from the newest one; saved reports whether it did. The previous State stays until
// the next Save.
func (d *Dir) Save(s *State) (saved bool, err error) {
	if !d.loaded {
		_, _ = d.Load() // a file that is not whole is replaced
	}
	h := head{format: Format, number: d.number + 1}
	counted := &counter{Hash: sha256.New()}
	_ = Encode(counted, s) // a Hash returns no errors
	h.length, h.sum = counted.length, [sha256.Size]byte(counted.Sum(nil))
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
	if err := d.write(slots[slot], h, s); err != nil {
		return false, err
	}
	d.number, d.newest, d.sum, d.whole = h.number, slot, h.sum, true
	return true, nil
}

// counter counts the bytes that it hashes.
type counter struct {
	hash.Hash
	length int
}

func (c *counter) Write(p []byte) (int, error) {
	c.length += len(p)
	return c.Hash.Write(p)
}

// write completes the file on disk, then gives it its name.
func (d *Dir) write(name string, h head, s *State) (err error) {
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
	_, err = fmt.Fprintf(f, "%s %d %d %d %x %s\n", magic, h.format, h.number, h.length, h.sum, times(s))
	if err == nil {
		err = Encode(f, s)
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

// syncDir flushes a file's new name to disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// times returns SavedAt and BuiltAt for the first line. They are outside the State, so that equal States have equal
// bytes.
func times(s *State) string {
	return s.SavedAt.UTC().Format(time.RFC3339Nano) + " " + s.BuiltAt.UTC().Format(time.RFC3339Nano)
}

// read reads a file. It returns the fields of the head that it could read, even with an error.
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
	content, err := readText(path, info.Size())
	if err != nil {
		return h, nil, err
	}
	end := strings.IndexByte(content[:min(len(content), maxHead)], '\n')
	if end < 0 {
		return h, nil, ErrNotWhole
	}
	saved, built := "", ""
	sum := ""
	line := strings.TrimPrefix(content[:end], magic+" ")
	if _, err := fmt.Sscanf(line, "%d %d %d %64s %s %s", &h.format, &h.number, &h.length, &sum, &saved, &built); h.format > Format {
		return h, nil, fmt.Errorf("its format is %d, and this version of phoneprov knows %d", h.format, Format)
	} else if err != nil || h.format < 1 || h.number > maxNumber {
		return head{}, nil, ErrNotWhole
	}
	payload := content[end+1:]
	h.sum = sumOf(payload)
	if len(payload) != h.length || hex.EncodeToString(h.sum[:]) != sum {
		return h, nil, ErrNotWhole
	}
	if s, err = Decode(payload); err != nil {
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

// readText reads a file into one string. size is the expected size, so that the text is allocated once.
func readText(path string, size int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text strings.Builder
	text.Grow(int(size))
	_, err = io.Copy(&text, f)
	return text.String(), err
}

// sumOf returns the checksum of a text. It hashes piece by piece, because a conversion to bytes would copy the text.
func sumOf(text string) [sha256.Size]byte {
	h := sha256.New()
	piece := make([]byte, min(len(text), pieceSize))
	for len(text) > 0 {
		n := copy(piece, text)
		h.Write(piece[:n])
		text = text[n:]
	}
	return [sha256.Size]byte(h.Sum(nil))
}
