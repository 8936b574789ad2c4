// Package datadirtest opens data directories for tests.
package datadirtest

import (
	"path/filepath"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// Open opens a directory of templates and static files until the test ends. files has their texts, by path. The files
// are old enough to be cached.
func Open(tb testing.TB, files map[string]string) *datadir.Dir {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range files {
		testkit.WriteSteady(tb, filepath.Join(dir, name), text)
	}
	data, err := datadir.Open(dir, "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { data.Close() })
	return data
}
