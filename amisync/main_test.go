package amisync

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// No goroutine of amigo is let off: taken apart in the right order it leaks none.
func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(secrets.Guard(m))
}

// secrets are those of the tests, and of what more are made from. All that is logged and the status are searched for them.
var secrets = secrettest.New(testSecret, "very-secret", oracle.Secret)

func testLog(more ...io.Writer) zerolog.Logger {
	return zerolog.New(io.MultiWriter(append(more, secrets.Stream("a log of amisync"))...))
}

const (
	testUser   = "phoneprov"
	testSecret = "fake-ami-secret"
)

// noEndpointOptions leaves the options of endpoints out of a comparison.
var noEndpointOptions = cmpopts.IgnoreFields(provision.Endpoint{}, "Options")

// fake starts an AMI server with the configuration files given, and returns it with its address.
func fake(t testing.TB, files map[string]string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	return fakeDir(t, layFiles(t, files), o)
}

func layFiles(t testing.TB, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	return dir
}

// fakeDir is fake with a directory of the test's own.
func fakeDir(t testing.TB, dir string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return fakeOn(t, l, dir, o), l.Addr().String()
}

// fakeOn is fakeDir on a listener of the test's own.
func fakeOn(t testing.TB, l net.Listener, dir string, o amiserver.Options) *amiserver.Server {
	t.Helper()
	o.Username, o.Secret, o.Dir = testUser, testSecret, dir
	server := amiserver.New(o)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return server
}

func removeFile(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// dialTest connects as a test does: with all deadlines short.
func testTarget(t testing.TB, address string) target {
	t.Helper()
	o, err := Options{Address: address, Username: testUser, Secret: testSecret, Log: testLog()}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.link.target
}

func mustConnect(t testing.TB, address string, onEvent func(message)) *conn {
	t.Helper()
	c, err := connect(within(t, testkit.Patience), testTarget(t, address), onEvent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
