// Package skips has tests say what they did not run. `go test ./...` shows nothing of a package whose tests pass, and so nothing
// of those that were skipped: Report writes to the go command's own stderr, where Linux lets it.
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

// skipped is what the tests of this process have skipped, by why; the remedies are in the same order for each run.
var skipped struct {
	sync.Mutex
	tests map[string]int
}

// Skip ends the test and remembers that it was skipped. why is what is missing, remedy what would run the test. Where
// REQUIRE_ASTERISK is set, as in CI, the test fails instead: there all tests run.
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

// Size is how many cases a test runs: all of them where Full, else few.
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

// Report says what was skipped, at the end of a package's tests.
func Report() {
	if text := report(os.Args[0]); text != "" {
		w := goStderr()
		_, _ = io.WriteString(w, text) // nobody is left to tell
		_ = w.Close()
	}
}

// report has a line for each thing that was missing.
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

// goStderr is the stderr of the go command that runs the tests, or where that is not to be had our own.
func goStderr() io.WriteCloser {
	parent := fmt.Sprintf("/proc/%d/", os.Getppid())
	if name, err := os.ReadFile(parent + "comm"); err == nil && strings.TrimSpace(string(name)) == "go" {
		if f, err := os.OpenFile(parent+"fd/2", os.O_WRONLY|os.O_APPEND, 0); err == nil {
			return f
		}
	}
	return os.Stderr
}

// Reporting runs the tests of M and then reports.
type Reporting struct{ M interface{ Run() int } }

// Run returns M's exit code.
func (r Reporting) Run() int {
	code := r.M.Run()
	Report()
	return code
}
