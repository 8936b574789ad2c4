package regularfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, tt := range []struct {
		path, text, want, err string
	}{
		{path, "", "", ""},
		{path, "1234", "1234", ""},
		{path, "12345", "", path + ": longer than 4 bytes"},
		{dir, "", "", dir + ": not a regular file"},
		{"/dev/zero", "", "", "/dev/zero: not a regular file"},
		{filepath.Join(dir, "none"), "", "", "stat " + dir + "/none: no such file or directory"},
	} {
		if tt.path == path {
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, info, err := Read(tt.path, 4)
		if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s with %q: got %q, %v, want %q, %s", tt.path, tt.text, got, err, tt.want, tt.err)
		}
		if known := err == nil || strings.Contains(tt.err, "longer"); known != (info != nil) {
			t.Errorf("%s: got the state %v", tt.path, info)
		}
	}
}
