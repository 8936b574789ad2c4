package testkit

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// childEnv is set in a child of TestSelf.
const childEnv = "TESTKIT_CHILD"

// failures records the failures that a helper reports. Fatalf ends its goroutine, as in a real test.
type failures struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (f *failures) Helper()          {}
func (f *failures) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }
func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failures) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}

func (f *failures) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// run returns the helper's failures.
func (f *failures) run(helper func(testing.TB)) string {
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(f) {
				panic(p)
			}
		}()
		helper(f)
	}()
	for _, c := range f.cleanups {
		c()
	}
	return strings.Join(f.said, "|")
}

func TestWait(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait func(tb testing.TB, holds func() bool)
		want string // of a condition that never holds
	}{
		{"Eventually", func(tb testing.TB, holds func() bool) { Eventually(tb, "a condition", holds) }, "not within 1m0s: a condition"},
		{"WaitFor", func(tb testing.TB, holds func() bool) {
			WaitFor(tb, func() error {
				if holds() {
					return nil
				}
				return errors.New("it does not hold")
			})
		}, "not within 1m0s: it does not hold"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				holds := func() bool { return time.Since(start) >= Patience/2 }
				if got := new(failures).run(func(tb testing.TB) { tt.wait(tb, holds) }); got != "" {
					t.Errorf("got %q", got)
				}
				if got := new(failures).run(func(tb testing.TB) { tt.wait(tb, func() bool { return false }) }); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "c")
	expect := func(want string, mode fs.FileMode, steady bool) {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if old := time.Since(info.ModTime()) > 50*time.Minute; string(text) != want || info.Mode() != mode || old != steady {
			t.Errorf("got %q, %v, of %v", text, info.Mode(), info.ModTime())
		}
	}
	if got := Write(t, path, "one"); got != path {
		t.Errorf("got %q", got)
	}
	expect("one", 0o600, false)
	WriteSteady(t, path, []byte("two"))
	expect("two", 0o600, true)
	before, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	WriteTree(t, dir, map[string]string{"a/b/c": "three", "d": ""})
	expect("three", 0o600, true)
	if text, err := io.ReadAll(before); err != nil || string(text) != "two" {
		t.Errorf("who has the file open sees %q, %v", text, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v", entries, err)
	}
	if got := new(failures).run(func(tb testing.TB) { Write(tb, filepath.Join(path, "below a file"), "") }); got == "" {
		t.Error("a file that cannot be written fails no test")
	}
}

func TestLog(t *testing.T) {
	var l Log
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 100 {
				fmt.Fprintln(&l, "x")
				_ = l.String()
			}
		})
	}
	all.Wait()
	if l.Len() != 2000 || l.String() != strings.Repeat("x\n", 1000) || string(l.Bytes()) != l.String() {
		t.Errorf("got %d bytes", l.Len())
	}
	if l.Reset(); l.Len() != 0 || l.String() != "" {
		t.Errorf("got %q after Reset", l.String())
	}
}

func TestStart(t *testing.T) {
	var atEnd []func()
	defer func() {
		for _, f := range atEnd {
			f()
		}
	}()
	cmd := exec.Command("sleep", "3600")
	ended, err := Start(cmd, func(f func()) { atEnd = append(atEnd, f) })
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
		t.Error("it has ended")
	default:
	}
	atEnd[0]()
	if <-ended; cmd.ProcessState == nil {
		t.Error("it has not ended")
	}
	if _, err := Start(exec.Command("/nowhere"), nil); err == nil {
		t.Error("a program that does not exist was started")
	}
}

func TestSelf(t *testing.T) {
	if task := os.Getenv(childEnv); task != "" {
		fmt.Println("line of", task)
		text, err := io.ReadAll(os.Stdin)
		if err != nil || len(text) > 0 || task == "bad" {
			os.Exit(3)
		}
		return
	}
	for task, want := range map[string]string{"good": "", "bad": ": exit status 3"} {
		f := new(failures)
		line := ""
		said := f.run(func(tb testing.TB) { line = Self(tb, []string{"-test.run=^TestSelf$"}, childEnv+"="+task) })
		if line != "line of "+task || !strings.HasSuffix(said, want) || want == "" && said != "" {
			t.Errorf("%s: got %q, failures %q", task, line, said)
		}
	}
}

func TestNeedAddress(t *testing.T) {
	NeedAddress(t, "127.0.0.1")
	t.Setenv("REQUIRE_ASTERISK", "1")
	want := "no address 192.0.2.1 on this machine; give the loopback interface that address"
	if got := new(failures).run(func(tb testing.TB) { NeedAddress(tb, "192.0.2.1") }); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSideBySide(t *testing.T) {
	parallel := flag.Lookup("test.parallel").Value
	defer parallel.Set(parallel.String())
	for required, want := range map[string]string{"1": "4", "": "8"} {
		parallel.Set("3")
		t.Setenv("REQUIRE_ASTERISK", required)
		if SideBySide(8); parallel.String() != want {
			t.Errorf("REQUIRE_ASTERISK=%q: got %s, want %s", required, parallel, want)
		}
	}
}

// Every test of the repository waits by polling, or with testing/synctest. If something is missing, it calls
// deploy/skips, which fails in CI.
func TestHouseRules(t *testing.T) {
	sleep, skip := regexp.MustCompile(`\btime\.Sleep\(`), regexp.MustCompile(`\b(t|tb|b)\.(Skip|Skipf|SkipNow)\(`)
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if sleep.Match(text) && !strings.Contains(string(text), `"testing/synctest"`) {
			t.Errorf("%s sleeps: poll with testkit.Eventually, or use testing/synctest", path)
		}
		if skip.Match(text) {
			t.Errorf("%s skips by itself: use skips.Skip, which fails where REQUIRE_ASTERISK is set", path)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("%d files, %v", files, err)
	}
}
