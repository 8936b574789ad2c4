package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The tag of a static file follows its bytes: replaced, or written anew within one tick of the clock.
func TestETagOfStaticFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fw.bin")
	data, err := OpenData(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	tag := func() string {
		t.Helper()
		f, info, err := data.open("fw.bin")
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

// The tag of a text is that of every machine and of every day: a phone that had the file before an update of ours is not to
// load it anew. These are what the xxHash library itself gives.
func TestETagOfText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `"99aa06d3014798d86001c324468d497f"`},
		{"<phone/>\n", `"bd32fcffd3a49e0a1a626cbee7fb87c9"`},
		{strings.Repeat("0123456789", 1000), `"26b9e8677f17f17f2da683cfe7106d98"`},
	} {
		if got := textETag([]byte(tt.text)); got != tt.want {
			t.Errorf("%.20q: got %s, want %s", tt.text, got, tt.want)
		}
	}
}
