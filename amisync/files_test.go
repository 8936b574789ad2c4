package amisync

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

func TestSyncFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) { testkit.Write(t, filepath.Join(dir, name), text) }
	write("phoneprov.conf", sample["phoneprov.conf"])
	if err := os.Mkdir(filepath.Join(dir, "users.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("users.conf", "[general]\n#include \"users.d/*.conf\"\n"+user("6001", "001122334401"))
	write("users.d/a.conf", user("6002", "001122334402"))
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Timing: Timing{Watch: 20 * time.Millisecond, Settle: 150 * time.Millisecond}})
	r.waitPhones(t, 2)
	write("users.d/a.conf", user("6002", "001122334402")+user("6003", "001122334403"))
	r.waitPhones(t, 3)
	write("users.d/b.conf", user("6004", "001122334404"))
	r.waitPhones(t, 4)
	if err := os.WriteFile(filepath.Join(dir, "users.conf"), []byte("x=1\n"), 0o600); err != nil { // in place
		t.Fatal(err)
	}
	testkit.Eventually(t, "the reason", func() bool { return strings.HasPrefix(r.Status().LastError, "users.conf:1: ") })
	r.waitPhones(t, 4)
	write("users.conf", "[general]\n#include \"sub/x.conf\"\n")
	testkit.Eventually(t, "the reason", func() bool { return strings.HasPrefix(r.Status().LastError, "users.conf:2: ") })
	write("users.conf", "[general]\n")
	r.waitPhones(t, 0)
	if err := os.Remove(filepath.Join(dir, "users.conf")); err != nil {
		t.Fatal(err)
	}
	write("phoneprov_users.conf", user("6001", "001122334401"))
	r.waitPhones(t, 1)
	if st := r.Status(); st.Connected || st.LastError != "" || st.LastSync.Trigger != "changed file" {
		t.Errorf("got %+v", st)
	}
}

// reservePort returns an address that refuses connections until listen is called, and that nobody else gets meanwhile: a socket
// that is bound and does not listen.
func reservePort(t *testing.T) (address string, listen func() net.Listener) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	socket := os.NewFile(uintptr(fd), "a reserved port")
	t.Cleanup(func() { socket.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port), func() net.Listener {
		if err := syscall.Listen(fd, syscall.SOMAXCONN); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(socket)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// With files and an AMI that is down the files are served; when it comes its events trigger, and endpoints are live.
func TestFilesWithAMIDown(t *testing.T) {
	t.Parallel()
	files := with(sample, "pjsip.conf", `[pp]
type=phoneprov
endpoint=6009
MAC=001122334499
PROFILE=p
[6009]
type=endpoint
`)
	dir := t.TempDir()
	for name, text := range files {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	address, listen := reservePort(t)
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Address: address})
	testkit.Eventually(t, "a snapshot", func() bool { return r.store.Load() != nil })
	if got := r.Status().LastError; !strings.Contains(got, "connection refused") {
		t.Errorf("got %q", got)
	}
	l := listen()
	server := amiserver.New(amiserver.Options{Username: testUser, Secret: testSecret, Dir: dir})
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	testkit.Eventually(t, "a sync on connect", func() bool { return strings.Contains(r.Status().LastSync.Trigger, "connect") })
	testkit.Eventually(t, "peers", func() bool { return len(r.Peers()) == 1 })
	before := r.Status().Syncs
	server.Reload("res_phoneprov.so")
	testkit.Eventually(t, "a sync on reload", func() bool { return r.Status().Syncs > before })
}

func TestMissingConfigDir(t *testing.T) {
	s, err := New(Options{Source: SourceFiles, ConfigDir: filepath.Join(t.TempDir(), "no")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Once(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestOptionErrors(t *testing.T) {
	tests := map[string]struct {
		o    Options
		want string
	}{
		"none":       {Options{}, "no address of asterisk's manager interface, which the configuration is to be read from"},
		"source":     {Options{Source: "x"}, `source "x" is neither "ami" nor "files"`},
		"directory":  {Options{Source: SourceFiles}, "no directory to read asterisk's configuration from"},
		"no port":    {Options{Address: "x"}, "address of asterisk's manager interface: address x: missing port in address"},
		"no user":    {Options{Address: "x:1", Secret: "x"}, "no username or no secret for asterisk's manager interface"},
		"no secret":  {Options{Address: "x:1", Username: "x"}, "no username or no secret for asterisk's manager interface"},
		"bad secret": {Options{Address: "x:1", Username: "x", Secret: "very\r\nsecret"}, "a CR, LF or NUL cannot be sent to asterisk in Secret"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := New(tt.o); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// Kubernetes mounts a ConfigMap as links through another link, which it replaces.
func TestWatchThroughLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	version := func(name, users string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, filepath.Join(dir, name, "phoneprov.conf"), sample["phoneprov.conf"])
		testkit.Write(t, filepath.Join(dir, name, "users.conf"), users)
		if err := os.Symlink(name, filepath.Join(dir, "..new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", user("6001", "001122334401"))
	for _, name := range []string{"phoneprov.conf", "users.conf"} {
		if err := os.Symlink("..data/"+name, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Timing: Timing{Watch: 20 * time.Millisecond}})
	r.waitPhones(t, 1)
	version("..2", user("6001", "001122334401")+user("6002", "001122334402"))
	r.waitPhones(t, 2)
	testkit.Write(t, filepath.Join(dir, "..2", "users.conf"), "[general]\n") // where the links lead
	r.waitPhones(t, 0)
}

// A directory is watched only after its files were read. A change in between is noticed too.
func TestWatchedLate(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"phoneprov.conf": sample["phoneprov.conf"], "users.conf": "[general]\n#include \"d/*.conf\"\n"} {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, filepath.Join(dir, "d", "a.conf"), "[a]\n")
	w, err := newFileWatcher(time.Millisecond, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.notify.Close()
	s := &Service{o: Options{ConfigDir: dir}, triggers: newTriggers()}
	s.watched = func(files []*astconf.File) (bool, error) {
		testkit.Write(t, filepath.Join(dir, "d", "a.conf"), "[a]\n[b]\n") // in the gap
		return w.watch(files)
	}
	for n, want := range []string{"changed file", "", ""} {
		config, err := s.loadFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := s.triggers.take(); got != want {
			t.Errorf("reading %d: got %q, want %q", n, got, want)
		}
		if got := len(config["users.conf"].Categories); got != min(2+n, 3) {
			t.Errorf("reading %d: got %d categories", n, got)
		}
	}
}

// A sync that reads the same as the last one stores a new snapshot with the same files and diagnostics.
func TestSyncOfTheSame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "phoneprov.conf"), sample["phoneprov.conf"])
	users := user("6001", "001122334401") + user("6002", "no MAC")
	testkit.Write(t, filepath.Join(dir, "users.conf"), users)
	store := new(provision.Store)
	s, err := New(Options{Source: SourceFiles, ConfigDir: dir, Store: store, Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	sync := func(want provision.Changes) (*provision.Snapshot, Sync) {
		t.Helper()
		if err := s.sync(t.Context(), "test"); err != nil {
			t.Fatal(err)
		}
		last := s.Status().LastSync
		if last.Changes.Added != want.Added || last.Changes.Changed != want.Changed || last.Changes.Removed != want.Removed || last.Warnings != 1 {
			t.Errorf("got %+v, want %+v and a warning", last, want)
		}
		return store.Load(), last
	}
	first, _ := sync(provision.Changes{Added: 2})
	second, _ := sync(provision.Changes{})
	if second == first || second.Generation != 2 || !second.BuiltAt.After(first.BuiltAt) || second.Phone("001122334401") != first.Phone("001122334401") {
		t.Errorf("got %d of %v after %d of %v", second.Generation, second.BuiltAt, first.Generation, first.BuiltAt)
	}
	testkit.Write(t, filepath.Join(dir, "users.conf"), users+user("6003", "001122334403"))
	sync(provision.Changes{Added: 1})
	sync(provision.Changes{})
	testkit.Write(t, filepath.Join(dir, "users.conf"), users)
	sync(provision.Changes{Removed: 1})
}
