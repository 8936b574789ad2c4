// Package skips reports which tests were skipped. `go test ./...` shows nothing of a package whose tests pass, so
// Report writes to the go command's own stderr, where Linux permits that.
package skips

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// skipped has the tests of this process that were skipped, by reason. The remedies have the same order.
var skipped struct {
	sync.Mutex
	tests map[string]int
}

// Skip skips the test, and remembers it for Report. why says what is missing, remedy what would run the test.
func Skip(tb testing.TB, why, remedy string) {
	tb.Helper()
	if os.Getenv("REQUIRE_ASTERISK") != "" {
		tb.Fatalf("%s; %s", why, remedy)
	}
	skipped.Lock()
	if skipped.tests == nil {
		skipped.tests = map[string]int{}
	}
	skipped.tests[why+"; "+remedy]++
	skipped.Unlock()
	tb.Skipf("%s; %s", why, remedy)
}

// Size returns how many cases a test runs: all if REQUIRE_ASTERISK is set, as in CI, and otherwise few, so that `go
// test ./...` takes less than a minute. Report says so.
func Size(tb testing.TB, all, few int) int {
	tb.Helper()
	if Full(tb) {
		return all
	}
	return few
}

// Full reports whether a test runs all its cases: where REQUIRE_ASTERISK is set, as in CI. Elsewhere it runs few, so that
// `go test ./...` takes under a minute, and the report says so.
func Full(tb testing.TB) bool {
	tb.Helper()
	if os.Getenv("REQUIRE_ASTERISK") != "" {
		return true
	}
	skipped.Lock()
	defer skipped.Unlock()
	if skipped.tests == nil {
		skipped.tests = map[string]int{}
	}
	skipped.tests["run with fewer cases; REQUIRE_ASTERISK=1 go test runs them with all"]++
	return false
}

// Report reports what was skipped, after the tests of a package.
func Report() {
	if text := report(os.Args[0]); text != "" {
		w := goStderr()
		_, _ = io.WriteString(w, text) // without stderr there is nobody to tell
		_ = w.Close()
	}
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

// goStderr returns the stderr of the go command that runs the tests, or our own if that is not accessible.
func goStderr() io.WriteCloser {
	parent := fmt.Sprintf("/proc/%d/", os.Getppid())
	if name, err := os.ReadFile(parent + "comm"); err == nil && strings.TrimSpace(string(name)) == "go" {
		if f, err := os.OpenFile(parent+"fd/2", os.O_WRONLY|os.O_APPEND, 0); err == nil {
			return f
		}
	}
	return os.Stderr
}

// Reporting runs the tests of M, and then calls Report.
type Reporting struct{ M interface{ Run() int } }

// Run returns M's exit code.
func (r Reporting) Run() int {
	code := r.M.Run()
	Report()
	return code
}
