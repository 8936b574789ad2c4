package datadir

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The tag of a static file changes with its bytes: if the file is replaced, or written again within one tick of the
// clock.
func TestETagOfStaticFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fw.bin")
	data, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	tag := func() string {
		t.Helper()
		f, info, err := data.openRegular("fw.bin")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		tag, err := data.etags.of("fw.bin", f, info)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := f.Seek(0, 1); err != nil || at != 0 {
			t.Errorf("the file is at %d, %v", at, err)
		}
		return tag
	}
	old := time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		text string
		time time.Time
	}{{"one", time.Now()}, {"two", time.Now()}, {"two", old}, {"three", old}, {"one", old.Add(time.Second)}} {
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, tt.time, tt.time); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(tt.text))
		want := fmt.Sprintf("%q", hex.EncodeToString(sum[:16]))
		if got := tag(); got != want {
			t.Errorf("%q: got %s, want %s", tt.text, got, want)
		}
		if got := tag(); got != want {
			t.Errorf("%q, again: got %s, want %s", tt.text, got, want)
		}
	}
}
