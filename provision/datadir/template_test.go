package datadir

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLookEvery: a look at a file holds for LookEvery, and not longer.
func TestLookEvery(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	write := func(text string) {
		t.Helper()
		path := filepath.Join(dir, "t.cfg")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if old = old.Add(time.Minute); os.Chtimes(path, old, old) != nil {
			t.Fatal("no time was set")
		}
	}
	write("first")
	d, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	read := func() *Template {
		t.Helper()
		got, err := d.Template(t.Context(), "t.cfg")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}

	d.LookEvery = time.Hour
	first := read()
	write("second")
	if read() != first || !d.Current(first) {
		t.Error("the file was looked at again before LookEvery was over")
	}
	d.LookEvery = time.Nanosecond
	if d.Current(first) || read() == first {
		t.Error("the file was not looked at again after LookEvery")
	}
	d.LookEvery = 0
	second := read()
	write("third")
	if read() == second {
		t.Error("without LookEvery the file was not looked at")
	}
}
