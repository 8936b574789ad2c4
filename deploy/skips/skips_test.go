package skips

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A package whose tests all pass shows what it skipped, and only then. It does so if the output goes to a file too, where the
// kernel lets a process have a duplicate of its parent's stderr, as it does for root.
func TestGoTestShowsWhatWasSkipped(t *testing.T) {
	dir, err := os.MkdirTemp(".", "tmp-") // inside the module, so that it can import this package
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const text = `package p

import (
	"os"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

func TestMain(m *testing.M) {
	os.Exit(skips.Reporting{M: m}.Run())
}

func TestA(t *testing.T) { skips.Skip(t, "no horse here", "buy a horse") }
func TestB(t *testing.T) { skips.Skip(t, "no horse here", "buy a horse") }
func TestC(t *testing.T) {}
`
	if err := os.WriteFile(filepath.Join(dir, "p_test.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "p.test")
	for _, run := range []struct {
		args []string
		want string
	}{
		{[]string{"go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-o", program, "./" + filepath.Base(dir)},
			"skipped in " + filepath.Base(dir) + ".test: 2 tests: no horse here; buy a horse\n"},
		{[]string{program, "-test.run=TestC"}, ""}, // without the go command, because that links the program again
	} {
		cmd := exec.Command(run.args[0], run.args[1:]...)
		cmd.Env = append(os.Environ(), "REQUIRE_ASTERISK=") // else the tests fail
		out, err := output(t, cmd)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if !strings.Contains(string(out), run.want) || strings.Contains(string(out), "skipped") != (run.want != "") {
			t.Errorf("%s: got %s", run.args, out)
		}
	}
}

// output runs a command whose stdout and stderr are one file, or one pipe where the file cannot be shared.
func output(t *testing.T, cmd *exec.Cmd) ([]byte, error) {
	t.Helper()
	if f, err := duplicate(os.Getppid(), 2); err != nil {
		t.Logf("the output is a pipe: %v", err)
		return cmd.CombinedOutput()
	} else {
		f.Close()
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	err = cmd.Run()
	out, readErr := os.ReadFile(f.Name())
	return out, errors.Join(err, readErr)
}

// If REQUIRE_ASTERISK is set, nothing is skipped: a missing program fails the test.
func TestNothingIsSkippedInCI(t *testing.T) {
	t.Setenv("REQUIRE_ASTERISK", "1")
	f := &failing{TB: t}
	func() {
		defer func() { _ = recover() }()
		Skip(f, "no horse here", "buy a horse")
	}()
	if f.said != "no horse here; buy a horse" || f.skipped {
		t.Errorf("failed with %q, skipped: %v", f.said, f.skipped)
	}
}

// Some leaves rows out only if REQUIRE_ASTERISK is not set.
func TestSome(t *testing.T) {
	defer func(tests map[string]int) { skipped.tests = tests }(maps.Clone(skipped.tests)) // this test skips nothing
	for required, want := range map[string][]int{"": {1, 4}, "1": {1, 2, 3, 4, 5}} {
		t.Setenv("REQUIRE_ASTERISK", required)
		if got := Some(t, 3, []int{1, 2, 3, 4, 5}); !slices.Equal(got, want) {
			t.Errorf("REQUIRE_ASTERISK=%q: got %v, want %v", required, got, want)
		}
	}
}

// failing records how a test ends.
type failing struct {
	testing.TB
	said    string
	skipped bool
}

func (f *failing) Helper()              {}
func (f *failing) Skipf(string, ...any) { f.skipped = true }
func (f *failing) Fatal(args ...any)    { f.Fatalf("%s", fmt.Sprint(args...)) }
func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(f)
}

func TestMain(m *testing.M) { os.Exit(Reporting{M: m}.Run()) }

// A package whose TestMain does not report would skip in silence.
func TestSkipWithoutReporting(t *testing.T) {
	t.Setenv("REQUIRE_ASTERISK", "")
	setReporting(false)
	defer setReporting(true)
	for name, skip := range map[string]func(tb testing.TB){
		"Skip": func(tb testing.TB) { Skip(tb, "no horse here", "buy a horse") },
		"Size": func(tb testing.TB) { Size(tb, 10, 1) },
	} {
		f := &failing{TB: t}
		func() {
			defer func() { _ = recover() }()
			skip(f)
		}()
		if !strings.Contains(f.said, "skips.Reporting") || f.skipped {
			t.Errorf("%s: failed with %q, skipped: %v", name, f.said, f.skipped)
		}
	}
}
