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

// images has for each suite what makes its image. Docker's client costs 0.1 s of a processor, so each test program asks
// it once.
var images = map[string]func() error{
	Forky:    sync.OnceValue(func() error { return makeImage(Forky) }),
	Bullseye: sync.OnceValue(func() error { return makeImage(Bullseye) }),
}

func imageName(suite string) string { return "phoneprov-asterisk:" + suite }

// needImage returns the name of the suite's image. If there is none, the test ends.
func needImage(tb testing.TB, suite string) string {
	tb.Helper()
	err := images[suite]()
	if err != nil && !Required() {
		tb.Log(err)
		skips.Skip(tb, "no image "+imageName(suite)+" of Docker's to ask", "with Docker REQUIRE_ASTERISK=1 builds it, and makes this a failure")
	}
	if err != nil {
		tb.Fatal(err)
	}
	return imageName(suite)
}

// makeImage builds the suite's image if it does not exist and the oracle is required. Otherwise the error says what is
// missing.
func makeImage(suite string) error {
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	out, err := dockerTry(ctx, "image", "inspect", "-f", "{{.Id}}", imageName(suite))
	if err == nil {
		return nil
	}
	if !Required() {
		return fmt.Errorf("%w: %s", err, out)
	}
	_, here, _, _ := runtime.Caller(0)
	if out, err := dockerTry(ctx, "build", "--build-arg", "SUITE="+suite, "-t", imageName(suite), filepath.Dir(filepath.Dir(here))); err != nil {
		return fmt.Errorf("oracle: build %s: %w: %s", imageName(suite), err, out)
	}
	return nil
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
