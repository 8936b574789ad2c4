package uploads

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(skips.Reporting{M: m}) }

func open(t *testing.T, dir string, l Limits) *Store {
	t.Helper()
	s, err := Open(dir, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func parse(t testing.TB, s string) device.MAC {
	t.Helper()
	m, err := device.ParseMAC(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var plenty = Limits{Phone: 1 << 30, All: 1 << 30}

// put keeps a file of so many blocks under the URI.
func put(t *testing.T, s *Store, uri string, blocks int) error {
	t.Helper()
	mac, name, ok := nameIn(uri)
	if !ok {
		t.Fatalf("%q is no name", uri)
	}
	_, err := s.Put(mac, name, bytes.Repeat([]byte("x"), blocks*block))
	return err
}

// kept lists what the Store gives, by the URIs that it could have.
func kept(s *Store, uris ...string) (have []string) {
	for _, uri := range uris {
		mac, name, _ := nameIn(uri)
		if f, _, err := s.Get(mac, name); err == nil {
			f.Close()
			have = append(have, uri)
		}
	}
	return have
}

func TestPutAndGet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "uploads")
	s := open(t, dir, plenty)
	mac := parse(t, "0004f2000001")
	if _, _, err := s.Get(mac, "0004f2000001-phone.cfg"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before: %v", err)
	}
	for i, text := range []string{"one", "", "three"} {
		created, err := s.Put(mac, "0004f2000001-phone.cfg", []byte(text))
		if err != nil || created != (i == 0) {
			t.Fatalf("put %q: %v, %v", text, created, err)
		}
		f, info, err := s.Get(mac, "0004f2000001-phone.cfg")
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(f)
		f.Close()
		if string(got) != text || info.Size() != int64(len(text)) || info.Mode() != 0o600 {
			t.Errorf("got %q, %d bytes, mode %v", got, info.Size(), info.Mode())
		}
	}
	if info, err := os.Stat(filepath.Join(dir, mac.String())); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info, err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(names) != 1 {
		t.Errorf("left behind: %q", names)
	}
}

func TestName(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"0004f2000001-boot.log", "0004f2000001-boot.log"},
		{"0004F2000001-Boot.log", "0004f2000001-Boot.log"},
		{"logs/00-04-F2-00-00-01-app.log", "0004f2000001-app.log"},
		{"../0004f2000001.cfg", "0004f2000001.cfg"}, // of the last part only
		{"0004f2000001/../../x.cfg", ""},
		{"0004f2000001", "0004f2000001"},
		{"0004f2-000001.txt", "0004f2000001.txt"},
		{"0004F2000001directory.txt", "0004f2000001directory.txt"},
		{"fw-550e8400-e29b-41d4-a716-0004f2000001.bin", ""},
		{"x42.14.0.7386T20210730173312.z", ""},
		{".0004f2000001", ""},
		{"000000000000-directory.xml", ""},
		{"x.cfg", ""},
		{"0004f2000001 a.cfg", ""},
		{"0004f2000001\x00.cfg", ""},
		{"0004f2000001\n.cfg", ""},
		{"0004f2000001\\x.cfg", ""},
		{"0004f2000001;x.cfg", ""},
		{"0004f2000001$(x).cfg", ""},
		{"0004f2000001é.cfg", ""},
		{"0004f2000001.tmp~", ""},
		{"0004f2000001" + strings.Repeat("x", maxName), ""},
	} {
		if _, got, ok := nameIn(tt.in); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: got %q, %v, want %q", tt.in, got, ok, tt.want)
		}
	}
}

// Logs make room, the oldest first; settings stay.
func TestQuota(t *testing.T) {
	a := []string{"0004f2000001-1.log", "0004f2000001-2.log", "0004f2000001-phone.cfg", "0004f2000001-3.log"}
	b := []string{"0004f2000002-1.log", "0004f2000002-directory.xml"}
	all := slices.Concat(b, a)
	fill := func(dir string) { // one a second
		s := open(t, dir, plenty)
		for i, uri := range all {
			if err := put(t, s, uri, 1); err != nil {
				t.Fatal(err)
			}
			mac, name, _ := nameIn(uri)
			at := time.Unix(1_700_000_000+int64(i), 0)
			if err := os.Chtimes(filepath.Join(dir, mac.String(), name), at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		limits Limits // in blocks
		uri    string
		blocks int
		err    error
		gone   []string
	}{
		{"fits", Limits{5, 7}, "0004f2000001-new.log", 1, nil, nil},
		{"own logs for its quota", Limits{4, 99}, "0004f2000001-new.cfg", 2, nil, []string{a[0], a[1]}},
		{"not those of others", Limits{4, 99}, "0004f2000002-new.cfg", 4, ErrFull, nil},
		{"all quota", Limits{99, 6}, "0004f2000001-new.cfg", 2, nil, []string{b[0], a[0]}},
		{"both", Limits{4, 6}, "0004f2000001-new.cfg", 2, nil, []string{a[0], a[1]}},
		{"own first, then the oldest", Limits{4, 5}, "0004f2000001-new.cfg", 1, nil, []string{b[0], a[0]}},
		{"replacing frees", Limits{4, 6}, "0004f2000001-3.log", 1, nil, nil},
		{"the replaced one stays", Limits{4, 6}, "0004f2000001-1.log", 2, nil, []string{a[1]}},
		{"larger than the quota", Limits{4, 99}, "0004f2000003.log", 5, ErrFull, nil},
		{"settings are not thrown away", Limits{4, 99}, "0004f2000001-new.cfg", 4, ErrFull, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			fill(dir)
			s := open(t, dir, Limits{tt.limits.Phone * block, tt.limits.All * block})
			if err := put(t, s, tt.uri, tt.blocks); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			var gone []string
			have := kept(s, all...)
			for _, uri := range all {
				if !slices.Contains(have, uri) {
					gone = append(gone, uri)
				}
			}
			slices.Sort(gone)
			slices.Sort(tt.gone)
			if !slices.Equal(gone, tt.gone) {
				t.Errorf("gone: got %q, want %q", gone, tt.gone)
			}
			if tt.err == nil && len(kept(s, tt.uri)) == 0 {
				t.Error("the file was not kept")
			}
		})
	}
}

// Many empty files are bounded too.
func TestEmptyFilesCount(t *testing.T) {
	s := open(t, t.TempDir(), Limits{Phone: 3 * block, All: 9 * block})
	for i := range 4 {
		if err := put(t, s, fmt.Sprintf("0004f2000001-%d.cfg", i), 0); (err != nil) != (i == 3) {
			t.Errorf("file %d: %v", i, err)
		}
	}
}

// What is there at the start is counted and served, in the order of its time; the rest of the directory is left alone,
// but for what a killed run left half.
func TestOpenScans(t *testing.T) {
	dir := t.TempDir()
	mac := filepath.Join(dir, "0004f2000001")
	if err := os.Mkdir(mac, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"0004f2000001-b.log", "0004f2000001-a.log", "0004f2000001-c.log.tmp~", "README", "0004f2000009-x.log"} {
		path := filepath.Join(mac, name)
		if err := os.WriteFile(path, make([]byte, block), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(1_700_000_000+int64(i), 0)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, Limits{Phone: 2 * block, All: 99 * block})
	if err := put(t, s, "0004f2000001-d.log", 1); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range must(os.ReadDir(mac)) {
		names = append(names, e.Name())
	}
	if want := []string{"0004f2000001-a.log", "0004f2000001-d.log", "0004f2000009-x.log", "README"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A directory that is a symbolic link out of the Store is not written to.
func TestNoLinkLeadsOut(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "0004f2000001")); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, plenty)
	if err := put(t, s, "0004f2000001.cfg", 1); err == nil {
		t.Error("no error")
	}
	if left := must(os.ReadDir(outside)); len(left) != 0 {
		t.Errorf("written outside: %v", left)
	}
}

// What is no file is never opened, and nothing is written through it: a pipe would hang who reads, a device may do something,
// and a link leads to another phone's files.
func TestOnlyFiles(t *testing.T) {
	const own, others = "0004f2000001", "0004f2000002"
	replace := func(t *testing.T, path string, with func(path string) error) {
		if err := errors.Join(os.RemoveAll(path), with(path)); err != nil {
			t.Fatal(err)
		}
	}
	for name, with := range map[string]func(string) error{
		"pipe":            func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link to a file":  func(path string) error { return os.Symlink("../"+others+"/"+others+".cfg", path) },
		"link outside":    func(path string) error { return os.Symlink("/etc/hostname", path) },
		"link to nothing": func(path string) error { return os.Symlink("nowhere", path) },
		"device":          func(path string) error { return os.Symlink("/dev/zero", path) },
		"directory":       func(path string) error { return os.Mkdir(path, 0o700) },
		"socket": func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "up") // short: a socket's path is bounded
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			s := open(t, dir, plenty)
			for _, mac := range []string{own, others} {
				if err := put(t, s, mac+".cfg", 1); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, own, own+".cfg")
			replace(t, path, with)
			if f, _, err := s.Get(parse(t, own), own+".cfg"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, %v", f, err)
			}
			other := open(t, dir, plenty)
			if got := kept(other, own+".cfg", others+".cfg"); !slices.Equal(got, []string{others + ".cfg"}) {
				t.Errorf("after a start: got %q", got)
			}
			replace(t, path+temporary, with)
			if err := put(t, s, own+".cfg", 2); (err != nil) != (name == "directory") {
				t.Errorf("put: %v", err)
			}
			if name != "directory" && len(kept(s, own+".cfg")) == 0 {
				t.Error("what was sent is not there")
			}
			if info, err := os.Stat(filepath.Join(dir, others, others+".cfg")); err != nil || info.Size() != block {
				t.Errorf("the other phone's file: %v, %v", info, err)
			}
		})
	}
	t.Run("directory of another phone", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir, plenty)
		for _, mac := range []string{own, others} {
			if err := put(t, s, mac+".cfg", 1); err != nil {
				t.Fatal(err)
			}
		}
		replace(t, filepath.Join(dir, own), func(path string) error { return os.Symlink(others, path) })
		if err := put(t, s, own+"-x.cfg", 1); err == nil {
			t.Error("no error")
		}
		if got := kept(s, own+".cfg", others+".cfg"); !slices.Equal(got, []string{others + ".cfg"}) {
			t.Errorf("got %q", got)
		}
		if names := must(os.ReadDir(filepath.Join(dir, others))); len(names) != 1 {
			t.Errorf("written into another phone's directory: %v", names)
		}
	})
}

// Readers see a file whole, of one writer or another.
func TestConcurrentUse(t *testing.T) {
	puts := skips.Size(t, 100, 25)
	s := open(t, t.TempDir(), Limits{Phone: 8 * block, All: 40 * block})
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			mac := parse(t, fmt.Sprintf("0004f20000%02d", w%4))
			for i := range puts {
				name := fmt.Sprintf("%s-%d.log", mac, i%10)
				if _, err := s.Put(mac, name, bytes.Repeat([]byte{byte('a' + w)}, 2*block)); err != nil && !errors.Is(err, ErrFull) {
					t.Error(err)
				}
				f, _, err := s.Get(mac, name)
				if err != nil {
					continue // thrown away meanwhile
				}
				text, _ := io.ReadAll(f)
				f.Close()
				if len(text) != 2*block || bytes.Count(text, text[:1]) != len(text) {
					t.Errorf("%d bytes, not of one writer", len(text))
				}
			}
		})
	}
	all.Wait()
	if s.all > s.limits.All {
		t.Errorf("%d bytes of %d", s.all, s.limits.All)
	}
}

// nameIn returns the MAC and the name of the file that a URI names, without knowing which phones there are.
func nameIn(uri string) (mac device.MAC, name string, ok bool) {
	n := device.ReadName(uri)
	if name, ok = NameOf(n); !ok {
		return device.MAC{}, "", false
	}
	return n.MAC, name, true
}
