package main

import (
	"bytes"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// A log line says what does not fit into the limit: at the start by the size of the files, later by the number of
// phones.
func TestMemoryReport(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "users.conf"), make([]byte, 10<<20))
	const tooSmall = "the memory is too small for the "
	for _, tt := range []struct {
		limit    int64
		phones   int
		has, not []string
	}{
		{0, 100_000, nil, []string{"memory"}},
		{64 << 20, 10, []string{`"limit":"64 MB"`, `"by":"the cgroup"`, `"phones":16777`, `"need":"196 MB"`, tooSmall + "files of " + dir}, []string{tooSmall + "phones"}},
		{64 << 20, 100_000, []string{tooSmall + "files", `"need":"303 MB"`, tooSmall + "phones"}, nil},
		{320 << 20, 100_000, []string{`"limit":"320 MB"`}, []string{tooSmall}},
		{8 << 20, 1, []string{`"phones":0`, tooSmall + "phones"}, nil},
	} {
		var log bytes.Buffer
		m := memory{limit: tt.limit, by: "the cgroup"}
		m.report(zerolog.New(&log), dir)
		m.synced(zerolog.New(&log), provision.Counts{Phones: tt.phones})
		for _, text := range tt.has {
			if !strings.Contains(log.String(), text) {
				t.Errorf("%d, %d phones: no %s in %s", tt.limit, tt.phones, text, &log)
			}
		}
		for _, text := range tt.not {
			if strings.Contains(log.String(), text) {
				t.Errorf("%d, %d phones: %s in %s", tt.limit, tt.phones, text, &log)
			}
		}
	}
}

// The runtime keeps to its part of the limit, whatever the phones would like.
func TestHeapKeepsToTheLimit(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(limit)
	defer debug.SetGCPercent(percent)
	none := func(string) (string, bool) { return "", false }
	const most = 200 << 20
	h := newHeap(none, most)
	defer h.end()
	if got := debug.SetMemoryLimit(-1); got != most {
		t.Errorf("before the first sync: got %d, want %d", got, most)
	}
	h.synced(provision.Counts{Phones: 1_000_000})
	if got := debug.SetMemoryLimit(-1); got != most {
		t.Errorf("with many phones: got %d, want %d", got, most)
	}
	h.synced(provision.Counts{Phones: 1})
	if got := debug.SetMemoryLimit(-1); got >= most {
		t.Errorf("with a phone: got %d, want less than %d", got, most)
	}
}

// GOMEMLIMIT wins over the cgroup, and rendered files keep to it too.
func TestMemoryOfTheEnvironment(t *testing.T) {
	limit := debug.SetMemoryLimit(100 << 20) // as the runtime does by GOMEMLIMIT
	defer debug.SetMemoryLimit(limit)
	env := func(name string) (string, bool) { return "100MiB", name == "GOMEMLIMIT" }
	m := newMemory(env)
	if m.limit != 100<<20 || m.by != "GOMEMLIMIT" || m.room() != 100<<20/memoryKept {
		t.Errorf("got %+v", m)
	}
	if newHeap(env, m.most) != nil || debug.SetMemoryLimit(-1) != 100<<20 {
		t.Error("GOMEMLIMIT was changed")
	}
}
