package httpauth

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	step := func(path string, hashes []string, want string, mode os.FileMode) {
		t.Helper()
		if err := Write(path, alice, "alice", hashes); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if string(got) != want || err != nil {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
		if got := modeOf(t, filepath.Join(dir, "real")); got != mode {
			t.Errorf("got mode %v, want %v", got, mode)
		}
	}
	step(path, []string{hash2b}, "0004f2000001:alice:"+hash2b+"\n", 0o600)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	step(path, []string{hashMD5}, "0004f2000001:alice:"+hashMD5+"\n", 0o640)
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	step(link, []string{hashSHA}, "0004f2000001:alice:"+hashSHA+"\n", 0o640)
	if modeOf(t, link)&os.ModeSymlink == 0 {
		t.Error("the link is a file now")
	}
	step(path, nil, "", 0o640)
	if os.Getuid() == 0 {
		const someone = 12345
		if err := os.Chown(path, someone, someone); err != nil {
			t.Fatal(err)
		}
		step(path, []string{hash2b}, "0004f2000001:alice:"+hash2b+"\n", 0o640)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); s.Uid != someone || s.Gid != someone {
			t.Errorf("its owner is %d:%d", s.Uid, s.Gid)
		}
	}
}

// A file that cannot be edited stays as it was, and nothing is left beside it.
func TestWriteFails(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\n"
	dir := t.TempDir()
	path := filepath.Join(dir, "passwd")
	if err := os.WriteFile(path, []byte(passwd), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path   string
		hashes []string
		want   string
	}{
		{path, []string{hash2b}, path + ":1: " + errHash.Error()},
		{dir, []string{hash2b}, dir + ": not a regular file"},
		{filepath.Join(dir, "none"), nil, "stat " + dir + "/none: no such file or directory"},
		{filepath.Join(dir, "none", "none"), []string{hash2b}, "open " + dir + "/none: no such file or directory"},
	} {
		if err := Write(tt.path, alice, "alice", tt.hashes); message(err) != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
	if got, err := os.ReadFile(path); string(got) != passwd || err != nil || modeOf(t, path) != 0o644 {
		t.Errorf("got %q (%v), mode %v", got, err, modeOf(t, path))
	}
	if list, err := os.ReadDir(dir); len(list) != 1 || err != nil {
		t.Errorf("left in the directory: %v (%v)", list, err)
	}
}

// Of many that write at a time none is lost, and a reader never sees a part.
func TestWriteTakesTurns(t *testing.T) {
	const writers = 20
	path := write(t, "# phones\n")
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if err := Write(path, device.MAC{5: byte(i + 1)}, fmt.Sprint("u", i), []string{hash2b}); err != nil {
				t.Error(err)
			}
			if _, err := Open(path, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(text), "\n"); got != writers+1 || !strings.HasPrefix(string(text), "# phones\n") {
		t.Errorf("got %d lines:\n%s", got, text)
	}
}
