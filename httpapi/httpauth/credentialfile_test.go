package httpauth

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/httpapi/reload"
)

// changing is a file that a test changes, in a bubble whose clock the test moves.
type changing struct {
	*testing.T
	path string
	auth *Authenticator
	told []string // errors that reloaded received
}

func change(t *testing.T, text string, test func(c *changing)) {
	path := write(t, text)
	synctest.Test(t, func(t *testing.T) {
		c := &changing{T: t, path: path}
		c.age(time.Hour)
		f, err := Open(path, func(err error) {
			told := "read"
			if err != nil {
				told = strings.ReplaceAll(err.Error(), path, "f")
			}
			c.told = append(c.told, told)
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.auth, err = New(f, testRealm); err != nil {
			t.Fatal(err)
		}
		test(c)
	})
}

// age sets the file's time on the bubble's clock.
func (c *changing) age(age time.Duration) {
	c.Helper()
	if err := os.Chtimes(c.path, time.Time{}, time.Now().Add(-age)); err != nil {
		c.Fatal(err)
	}
}

// write changes the file in place, or as an editor does, beside and with a rename.
func (c *changing) write(text string, rename bool) {
	c.Helper()
	path := c.path
	if rename {
		path += ".new"
	}
	err := os.WriteFile(path, []byte(text), 0o600)
	if rename {
		err = errors.Join(err, os.Rename(path, c.path))
	}
	if err != nil {
		c.Fatal(err)
	}
	c.age(0)
}

// nextLook lets the clock of synctest go on until the file is looked at again.
func (c *changing) nextLook() { time.Sleep(reload.Interval) }

// knows reports whether the shared user's password is this, once the file was looked at again.
func (c *changing) knows(password string) bool {
	c.Helper()
	c.nextLook()
	return c.auth.Check(request("GET", testURI, basicHeader("all", password)), alice, Client{}).State == OK
}

func (c *changing) wantTold(want ...string) {
	c.Helper()
	if got := strings.Join(c.told, "\n"); got != strings.Join(want, "\n") {
		c.Errorf("told %q, want %q", got, want)
	}
	c.told = nil
}

func TestFileChanges(t *testing.T) {
	one, two := entryOf(t, "*", "all", "one"), entryOf(t, "*", "all", "two")
	for _, rename := range []bool{false, true} {
		change(t, one, func(c *changing) {
			if !c.knows("one") || c.knows("two") {
				c.Error("the first file is not known")
			}
			c.wantTold()
			c.write(two, rename)
			if c.knows("one") || !c.knows("two") {
				c.Errorf("rename %v: the second file is not known", rename)
			}
			c.wantTold("read")
		})
	}
}

// The file is looked at once a second, however many requests come.
func TestFileIsLookedAtRarely(t *testing.T) {
	one, two := entryOf(t, "*", "all", "one"), entryOf(t, "*", "all", "two")
	change(t, one, func(c *changing) {
		c.knows("one")
		c.write(two, true)
		time.Sleep(reload.Interval - time.Nanosecond)
		if before := c.auth.file.files.GetAt(time.Time{}); c.auth.file.table() != before {
			c.Error("read within a second")
		}
		time.Sleep(time.Nanosecond)
		if before := c.auth.file.files.GetAt(time.Time{}); c.auth.file.table() == before {
			c.Error("not read after a second")
		}
	})
}

// Two writes of one size may have the same time.
func TestFileChangesWithinATick(t *testing.T) {
	one, two := entryOf(t, "*", "all", "one"), entryOf(t, "*", "all", "two")
	change(t, one, func(c *changing) {
		c.write(one+"# a\n", false)
		tick := time.Now()
		if !c.knows("one") {
			c.Error("the first file is not known")
		}
		c.write(two+"# a\n", false)
		if err := os.Chtimes(c.path, time.Time{}, tick); err != nil {
			c.Fatal(err)
		}
		if !c.knows("two") {
			c.Error("the second file is not known")
		}
	})
}

// A wrong or missing file leaves the credentials unchanged and is reported once.
func TestFileTurnsBad(t *testing.T) {
	one, two := entryOf(t, "*", "all", "one"), entryOf(t, "*", "all", "two")
	change(t, one, func(c *changing) {
		stays := func(what string) {
			for range 3 {
				if !c.knows("one") {
					c.Errorf("%s: the old file is forgotten", what)
				}
			}
		}
		c.write(two+"*:all:two\n", true)
		stays("bad line")
		c.wantTold("f:4: " + errHash.Error())
		c.write(two+"*:all:tow\n", true)
		stays("other bad line")
		c.wantTold()
		if err := os.Remove(c.path); err != nil {
			c.Fatal(err)
		}
		stays("gone")
		c.wantTold("stat f: no such file or directory")
		if err := os.Mkdir(c.path, 0o700); err != nil {
			c.Fatal(err)
		}
		stays("directory")
		c.wantTold("f: not a regular file")
		if err := os.Remove(c.path); err != nil {
			c.Fatal(err)
		}
		c.write(one, true)
		stays("back")
		c.wantTold("read")
		c.write(two, true)
		if !c.knows("two") {
			c.Error("new file is not known")
		}
		c.wantTold("read")
	})
}

// A known password is forgotten with its hash. A touched file forgets nothing.
func TestFileForgetsPasswords(t *testing.T) {
	one := entryOf(t, "*", "all", "one")
	change(t, one, func(c *changing) {
		accepted := func() bool {
			time.Sleep(reload.Interval)
			e, _ := c.auth.file.table().find("all", alice)
			return e.verified.Load() != nil
		}
		c.knows("one")
		c.age(time.Minute)
		if !accepted() {
			c.Error("forgotten when the file was touched")
		}
		c.wantTold()
		c.write(entryOf(t, "*", "all", "one")+"# other\n", false) // with another salt
		if accepted() {
			c.Error("known after the hash was changed")
		}
		c.wantTold("read")
	})
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := errors.Join(os.WriteFile(long, nil, 0o600), os.Truncate(long, maxFile+1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "none"):   "stat " + dir + "/none: no such file or directory",
		dir:                          dir + ": not a regular file",
		"/dev/zero":                  "/dev/zero: not a regular file",
		long:                         long + ": longer than 67108864 bytes",
		write(t, "secret:hunter2\n"): "f:1: " + errHash.Error(),
	} {
		_, err := Open(name, nil)
		if err == nil || err.Error() != strings.Replace(want, "f:1", name+":1", 1) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// While the file changes again and again, one password or the other is right in every request, and a third never.
func TestReloadWhileChecking(t *testing.T) {
	texts := []string{entryOf(t, "*", "all", "one"), entryOf(t, "*", "all", "two")}
	path := write(t, texts[0])
	f, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(f, testRealm)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for asked := 0; asked == 0 || !closed(stop); asked++ {
				tab := a.file.table()
				e, _ := tab.find("all", alice)
				if e == nil || !tab.has[basic] || e.hash[digestMD5] == "" {
					t.Error("a file that is half read")
				}
				if got := a.Check(request("GET", testURI, basicHeader("all", "three")), alice, Client{}); got != bad(reasonWrong) {
					t.Errorf("got %+v", got)
				}
				for _, s := range []scheme{digestMD5, digestSHA256} {
					h := client{user: "all", password: "three", scheme: s, nonce: nonceOf(t, a)}.header()
					if got := a.Check(request("GET", testURI, h), alice, Client{}); got != bad(reasonWrong) {
						t.Errorf("got %+v", got)
					}
				}
			}
		})
	}
	for i := range skips.Size(t, 200, 50) {
		beside := path + ".new"
		if err := errors.Join(os.WriteFile(beside, []byte(texts[i%2]), 0o600), os.Rename(beside, path)); err != nil {
			t.Fatal(err)
		}
		f.files.GetAt(time.Now().Add(time.Duration(i) * reload.Interval)) // as if that much time had passed
	}
	close(stop)
	wg.Wait()
	f.files.GetAt(time.Now().Add(time.Hour))
	if got := a.Check(request("GET", testURI, basicHeader("all", "two")), alice, Client{}); got.State != OK {
		t.Errorf("the last file: got %+v", got)
	}
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
