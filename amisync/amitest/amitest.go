// Package amitest starts amiserver for the tests of amisync and its packages.
package amitest

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
)

// The account of each server that this package starts.
const (
	User   = "phoneprov"
	Secret = "fake-ami-secret"
)

// Start starts a server that has the configuration files given, by name. It returns the server and its address.
func Start(t testing.TB, files map[string]string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	return StartDir(t, Files(t, files), o)
}

// StartDir starts a server that reads its configuration files from dir.
func StartDir(t testing.TB, dir string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return StartOn(t, l, dir, o), l.Addr().String()
}

// StartOn starts a server on a listener, which the server closes. The server ends with the test.
func StartOn(t testing.TB, l net.Listener, dir string, o amiserver.Options) *amiserver.Server {
	t.Helper()
	o.Username, o.Secret, o.Dir = User, Secret, dir
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

// Files writes the files, by name, into a new directory of the test. Their times are old, so that nobody waits until
// they are steady.
func Files(t testing.TB, files map[string]string) (dir string) {
	t.Helper()
	dir, old := t.TempDir(), time.Now().Add(-time.Hour)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
