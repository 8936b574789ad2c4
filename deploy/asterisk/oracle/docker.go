package oracle

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// buildTimeout is for the image: half a minute where Debian's mirror is near.
const buildTimeout = 10 * time.Minute

// Required reports whether a missing oracle is a failure.
func Required() bool { return os.Getenv("REQUIRE_ASTERISK") == "1" }

// NeedProgram ends the test where a program that it runs is not there: it fails where the oracle is required, for then the
// tests are to be complete, and is skipped elsewhere.
func NeedProgram(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	skips.Skip(tb, "no "+name+" on this machine", "install it; .ci/run does, and REQUIRE_ASTERISK=1 makes this a failure")
}

// needImage returns the name of the suite's image, which is there afterwards; else the test ends here.
func needImage(tb testing.TB, suite string) string {
	tb.Helper()
	image := "phoneprov-asterisk:" + suite
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	out, err := dockerTry(ctx, "image", "inspect", "-f", "{{.Id}}", image)
	if err == nil {
		return image
	}
	if !Required() {
		tb.Logf("%v: %s", err, out)
		skips.Skip(tb, "no image "+image+" of Docker's to ask", "with Docker REQUIRE_ASTERISK=1 builds it, and makes this a failure")
	}
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Dir(filepath.Dir(here))
	if out, err := dockerTry(ctx, "build", "--build-arg", "SUITE="+suite, "-t", image, dir); err != nil {
		tb.Fatalf("oracle: build %s: %v: %s", image, err, out)
	}
	return image
}

// docker runs the client and returns its output; a failure ends the test.
func docker(tb testing.TB, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := dockerTry(ctx, args...)
	if err != nil {
		tb.Fatalf("oracle: docker %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

func dockerTry(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}
