package datadir

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"sync"
)

// etags are the entity tags of static files. Each is computed once for each state of its file.
type etags struct {
	mu    sync.Mutex
	files map[string]*etag
}

type etag struct {
	mu   sync.Mutex // held while the file is read, so that concurrent requests read it once
	info fs.FileInfo
	text string
}

// FormatETag writes a hash of at least tagBytes bytes as a strong entity tag (RFC 9110, 8.8.3).
func FormatETag(sum []byte) string {
	var tag [2 + 2*tagBytes]byte
	tag[0], tag[len(tag)-1] = '"', '"'
	hex.Encode(tag[1:], sum[:tagBytes])
	return string(tag[:])
}

// tagBytes is how many bytes of a hash a tag has.
const tagBytes = 16

// ETag returns the entity tag of an open, steady file of a name.
func (d *Dir) ETag(name string, f *os.File, info fs.FileInfo) (string, error) {
	return d.etags.of(name, f, info)
}

// of returns the tag of an open, steady file of a name. It reads the file if the file has changed since the last call,
// and leaves f at its start.
func (t *etags) of(name string, f *os.File, info fs.FileInfo) (string, error) {
	t.mu.Lock()
	if t.files == nil {
		t.files = map[string]*etag{}
	}
	e := t.files[name]
	if e == nil {
		e = new(etag)
		t.files[name] = e
	}
	t.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.info != nil && sameState(e.info, info) {
		return e.text, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if after, err := f.Stat(); err != nil || !sameState(info, after) {
		return "", errWriting // the file changed meanwhile: the hash may be of neither state
	}
	e.info, e.text = info, FormatETag(h.Sum(nil))
	return e.text, nil
}
