package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/zeebo/xxh3"
)

// etags are the entity tags of static files, each made once for a state of its file.
type etags struct {
	mu    sync.Mutex
	files map[string]*etag
}

type etag struct {
	mu   sync.Mutex // while the file is read, so that it is read once
	info fs.FileInfo
	text string
}

// textETag is the strong entity tag (RFC 9110, 8.8.3) of a text: of its bytes and of nothing else, so that it is the same
// after a restart and on another machine. It is compared with tags of the same URL only, and nobody but the admin writes what
// they are made of: who could make two texts of one tag would mislead himself. So it need not be a cryptographic hash, which
// takes as long as all else of a rendering.
func textETag(text []byte) string {
	sum := xxh3.Hash128(text).Bytes()
	return etagOf(sum[:])
}

func etagOf(sum []byte) string {
	var tag [2 + 2*tagBytes]byte
	tag[0], tag[len(tag)-1] = '"', '"'
	hex.Encode(tag[1:], sum[:tagBytes])
	return string(tag[:])
}

// tagBytes is how much of a hash is in a tag.
const tagBytes = 16

// of gives the tag of an open, steady file of a name, which is read if it is another than the last time. f is then at its start.
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
		return "", errWriting // what was hashed, and what would be sent, may be neither the old nor the new content
	}
	e.info, e.text = info, etagOf(h.Sum(nil))
	return e.text, nil
}
