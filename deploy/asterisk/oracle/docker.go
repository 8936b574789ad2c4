package oracle

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// buildTimeout bounds the build of the image, which takes half a minute with a near mirror of Debian.
const buildTimeout = 10 * time.Minute

// clientTimeout bounds what else Docker's client does.
const clientTimeout = 2 * time.Minute

// NeedProgram ends the test if a program is missing: it fails if the oracle is required, because then all tests must
// run, and is skipped otherwise.
func NeedProgram(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	skips.Skip(tb, "no "+name+" on this machine", "install it; .ci/run does, and REQUIRE_ASTERISK=1 makes this a failure")
}

const repository = "phoneprov-asterisk" // of the images; a suite is a tag

// suitesWithImage returns the suites that have an image. Docker's client costs 0.1 s of a processor, so each test program
// asks it once.
var suitesWithImage = sync.OnceValues(func() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	out, err := dockerTry(ctx, "image", "ls", "--format", "{{.Tag}}", repository)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return strings.Fields(out), nil
})

// needImage builds the suite's image if it does not exist, and returns its name. If that fails, the test ends.
func needImage(tb testing.TB, suite string) string {
	tb.Helper()
	image := repository + ":" + suite
	suites, err := suitesWithImage()
	if err == nil && slices.Contains(suites, suite) {
		return image
	}
	if !skips.Required() {
		tb.Logf("images of %q; %v", suites, err)
		skips.Skip(tb, "no image "+image+" of Docker's to ask", "with Docker REQUIRE_ASTERISK=1 builds it, and makes this a failure")
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	_, here, _, _ := runtime.Caller(0)
	if out, err := dockerTry(ctx, "build", "--build-arg", "SUITE="+suite, "-t", image, filepath.Dir(filepath.Dir(here))); err != nil {
		tb.Fatalf("oracle: build %s: %v: %s", image, err, out)
	}
	return image
}

// docker runs the Docker client and returns its output. If it fails, the test ends.
func docker(tb testing.TB, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
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
