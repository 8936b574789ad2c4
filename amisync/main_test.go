package amisync

import (
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// No goroutine may be left. amigo leaks none if it is closed in the right order.
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
	testUser   = amitest.User
	testSecret = amitest.Secret
)

// noEndpointOptions leaves the options of endpoints out of a comparison.
var noEndpointOptions = cmpopts.IgnoreFields(provision.Endpoint{}, "Options")

// fake starts an AMI server with these configuration files, and returns it with its address.
func fake(t testing.TB, files map[string]string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	return amitest.Start(t, files, o)
}

func removeFile(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// testTarget returns what a Service with the account of the tests connects to.
func testTarget(t testing.TB, address string) ami.Target {
	t.Helper()
	s, err := New(Options{Address: address, Username: testUser, Secret: testSecret, Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.link.target
}

func mustConnect(t testing.TB, address string, onEvent func(ami.Message)) *ami.Conn {
	t.Helper()
	c, err := ami.Connect(testkit.Within(t, testkit.Patience), testTarget(t, address), onEvent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
