// Package skips reports which tests were skipped. `go test ./...` shows nothing of a package whose tests pass. So
// Reporting writes to the go command's own stderr, if Linux permits that.
package skips

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// skipped counts the tests of this process that were skipped, by reason and remedy. reporting says that Reporting runs
// the tests.
var skipped struct {
	sync.Mutex
	reporting bool
	tests     map[string]int
}

// note remembers that a test was skipped, or fails it if Reporting does not run it.
func note(tb testing.TB, why string) {
	tb.Helper()
	skipped.Lock()
	defer skipped.Unlock()
	if !skipped.reporting {
		tb.Fatal("nobody is told what is skipped here: let TestMain of this package use skips.Reporting")
	}
	if skipped.tests == nil {
		skipped.tests = map[string]int{}
	}
	skipped.tests[why]++
}

// Required reports whether all tests must run, with all their cases: REQUIRE_ASTERISK is set, as in CI.
func Required() bool { return os.Getenv("REQUIRE_ASTERISK") != "" }

// Skip skips the test, and remembers it for Reporting. why says what is missing, remedy what would run the test.
func Skip(tb testing.TB, why, remedy string) {
	tb.Helper()
	if Required() {
		tb.Fatalf("%s; %s", why, remedy)
	}
	note(tb, why+"; "+remedy)
	tb.Skipf("%s; %s", why, remedy)
}

// Size returns how many cases a test runs: all if REQUIRE_ASTERISK is set, as in CI, and otherwise few, so that `go
// test ./...` takes less than a minute. Reporting says so.
func Size(tb testing.TB, all, few int) int {
	tb.Helper()
	if Full(tb) {
		return all
	}
	return few
}

// Full reports whether a test runs all its cases. It does if REQUIRE_ASTERISK is set, as in CI. Otherwise it runs few,
// so that `go test ./...` takes under a minute, and Reporting says so.
func Full(tb testing.TB) bool {
	tb.Helper()
	if Required() {
		return true
	}
	note(tb, "run with fewer cases; REQUIRE_ASTERISK=1 go test runs them with all")
	return false
}

// Some returns all rows of a table if Full reports true, and otherwise each nth, beginning with the first.
func Some[T any](tb testing.TB, nth int, rows []T) (some []T) {
	tb.Helper()
	if Full(tb) {
		return rows
	}
	for i := 0; i < len(rows); i += nth {
		some = append(some, rows[i])
	}
	return some
}

// report returns a line for each thing that was missing.
func report(program string) string {
	skipped.Lock()
	defer skipped.Unlock()
	var lines []string
	for why, n := range skipped.tests {
		tests := "1 test"
		if n > 1 {
			tests = fmt.Sprint(n, " tests")
		}
		lines = append(lines, fmt.Sprintf("skipped in %s: %s: %s\n", program[strings.LastIndexByte(program, '/')+1:], tests, why))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// lazyGC is the garbage collector's percentage for tests. With Go's own 100 the tests take 40 % more processor time, and 10
// to 20 % more with -race.
const lazyGC = 400

// Reporting runs the tests of a package, and then reports which were skipped. TestMain of each package that may skip a
// test uses it. The garbage collector runs less often, which saves time.
type Reporting struct{ M interface{ Run() int } }

// Run returns M's exit code.
func (r Reporting) Run() int {
	setReporting(true)
	debug.SetGCPercent(lazyGC)
	code := r.M.Run()
	if text := report(os.Args[0]); text != "" {
		w := goStderr()
		_, _ = io.WriteString(w, text) // without stderr there is nobody to tell
		_ = w.Close()
	}
	return code
}

func setReporting(on bool) {
	skipped.Lock()
	defer skipped.Unlock()
	skipped.reporting = on
}

// goStderr returns the stderr of the go command that runs the tests, or our own if that is not accessible. If it is a
// file, the go command and we must have one offset in it, because otherwise each writes over what the other wrote. So
// that file is duplicated, and opened only if the kernel does not permit that.
func goStderr() io.WriteCloser {
	parent := fmt.Sprintf("/proc/%d/", os.Getppid())
	if name, err := os.ReadFile(parent + "comm"); err != nil || strings.TrimSpace(string(name)) != "go" {
		return os.Stderr
	}
	if f, err := duplicate(os.Getppid(), 2); err == nil {
		return f
	}
	if f, err := os.OpenFile(parent+"fd/2", os.O_WRONLY|os.O_APPEND, 0); err == nil {
		return f
	}
	return os.Stderr
}

// duplicate returns a duplicate of another process's file descriptor. pidfd_getfd(2) says who may do that.
func duplicate(pid, fd int) (*os.File, error) {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(process)
	copied, err := unix.PidfdGetfd(process, fd, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(copied), "stderr of the go command"), nil
}
