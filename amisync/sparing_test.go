package amisync

import (
	"fmt"
	"math"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
)

// A sync of many phones has a bound, unless there is a lower one, and leaves the collector as it was.
func TestSparing(t *testing.T) {
	state := func() (percent int, limit int64) {
		percent = debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent, debug.SetMemoryLimit(-1)
	}
	percent, limit := state()
	defer debug.SetMemoryLimit(limit)
	for _, row := range []struct {
		name        string
		had         int64
		least, most int64
	}{
		{"no limit", math.MaxInt64, 100_000 * syncBytes, 100_000*syncBytes + 1<<30},
		{"a higher limit", 1 << 50, 100_000 * syncBytes, 100_000*syncBytes + 1<<30},
		{"a lower limit", 64 << 20, 64 << 20, 64 << 20},
	} {
		t.Run(row.name, func(t *testing.T) {
			debug.SetMemoryLimit(row.had)
			end := sparing(100_000)
			if p, l := state(); p != -1 || l < row.least || l > row.most {
				t.Errorf("got %d%% and %d bytes, want -1%% and %d to %d", p, l, row.least, row.most)
			}
			end()
			if p, l := state(); p != percent || l != row.had {
				t.Errorf("afterwards: got %d%% and %d bytes, want %d%% and %d", p, l, percent, row.had)
			}
		})
	}
}

// Where nothing else is done the collector is as it was also after syncs of many phones, one of which fails.
func TestSyncIsSparing(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "phoneprov.conf"), "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n")
	var users strings.Builder
	for i := range manyPhones {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nmacaddress=%012x\n", i, i)
	}
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer debug.SetGCPercent(percent)
	s, err := New(Options{Source: SourceFiles, ConfigDir: dir, Store: new(provision.Store)})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{users.String(), users.String(), "broken"} {
		writeFile(t, filepath.Join(dir, "users.conf"), text)
		if err := s.sync(t.Context(), "test"); (err != nil) != (text == "broken") {
			t.Errorf("sync %d: got %v", i, err)
		}
		if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != limit {
			t.Errorf("after sync %d: got %d%% and %d bytes, want 100%% and %d", i, p, l, limit)
		}
	}
	if got := s.o.Store.Load().Counts().Phones; got != manyPhones {
		t.Errorf("got %d phones", got)
	}
}
