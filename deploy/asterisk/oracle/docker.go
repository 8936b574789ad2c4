package oracle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// buildTimeout bounds the build of the image, which takes half a minute with a near mirror of Debian.
const buildTimeout = 10 * time.Minute

// Required reports whether a missing oracle is a failure.
func Required() bool { return os.Getenv("REQUIRE_ASTERISK") == "1" }

// NeedProgram ends the test if a program is missing: it fails if the oracle is required, because then all tests must
// run, and is skipped otherwise.
func NeedProgram(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	skips.Skip(tb, "no "+name+" on this machine", "install it; .ci/run does, and REQUIRE_ASTERISK=1 makes this a failure")
}

// missing has the error of each image that this process did not find. It looks for an image once, because the Docker
// client takes 50 ms to start.
var missing sync.Map // of string by name

// needImage builds the suite's image if it does not exist, and returns its name. If that fails, the test ends.
func needImage(tb testing.TB, suite string) string {
	tb.Helper()
	image := "phoneprov-asterisk:" + suite
	skip := func(why any) {
		tb.Helper()
		tb.Log(why)
		skips.Skip(tb, "no image "+image+" of Docker's to ask", "with Docker REQUIRE_ASTERISK=1 builds it, and makes this a failure")
	}
	if why, ok := missing.Load(image); ok && !Required() {
		skip(why)
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	out, err := dockerTry(ctx, "image", "inspect", "-f", "{{.Id}}", image)
	if err == nil {
		return image
	}
	if !Required() {
		why := fmt.Sprintf("%v: %s", err, out)
		missing.Store(image, why)
		skip(why)
	}
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Dir(filepath.Dir(here))
	if out, err := dockerTry(ctx, "build", "--build-arg", "SUITE="+suite, "-t", image, dir); err != nil {
		tb.Fatalf("oracle: build %s: %v: %s", image, err, out)
	}
	return image
}

// docker runs the Docker client and returns its output. If it fails, the test ends.
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
