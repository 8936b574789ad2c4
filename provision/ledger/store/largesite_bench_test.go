package store

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// manyPhones is the size of a large site.
const manyPhones = 100_000

// The bounds for manyPhones. deploy/doc/LEDGER.md promises them.
const (
	memoryBudget = 100 << 20
	diskBudget   = 500_000_000
)

// BenchmarkLargeSite lets every phone of a large site fetch two files, waits until their texts are kept, then changes
// one phone in a hundred. It fails if a bound is exceeded. It takes some minutes.
func BenchmarkLargeSite(t *testing.B) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for name, text := range map[string]string{"t.cfg": strings.Repeat("${USERNAME} ${SECRET} ${SERVER} a line of a file\n", 100), "d.cfg": "${USERNAME}\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	data, err := datadir.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	snapshots := new(provision.Store)
	renderer := provision.NewRenderer(provision.RendererOptions{Data: data, Room: 1 << 20})
	snapshots.Swap(buildMany(t, "first", manyPhones))
	build := heap()
	db := openDB(t, t.TempDir(), Options{})
	l, err := ledger.New(ledger.Options{Snapshots: snapshots, Renderer: renderer, Store: db, Prefix: "/phoneprov"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	defer func() { cancel(); <-done }()
	l.Synced(ledger.Sync{At: time.Now(), Trigger: "start"})
	settle(t, l)
	t.Logf("known: %d MB", (heap()-build)>>20)
	fetchAll(t, l, snapshots.Load(), renderer)
	settle(t, l)
	if s := l.Stats(); s.Dropped > 0 {
		t.Errorf("%d requests were dropped", s.Dropped)
	}
	testkit.Eventually(t, "all is committed", func() bool { return l.Stats().Unsaved == 0 })
	used := heap() - build
	t.Logf("all have fetched: %d MB of memory, %d MB of disk, %+v", used>>20, db.Size()>>20, l.Stats())
	if used > memoryBudget || db.Size() > diskBudget {
		t.Errorf("%d bytes of memory, %d of disk", used, db.Size())
	}
	begun := time.Now()
	for i := range manyPhones { // all together take longer than testkit's Patience
		id := fmt.Sprintf("%012x", i)
		kept := func() bool { _, err := l.LastFetched(id, id+".cfg"); return err == nil }
		if !kept() {
			testkit.Eventually(t, "the text of "+id+" is kept", kept)
		}
	}
	testkit.Eventually(t, "all is committed", func() bool { return l.Stats().Unsaved == 0 })
	used = heap() - build
	t.Logf("all texts are kept after %v: %d MB of memory, %d MB of disk", time.Since(begun), used>>20, db.Size()>>20)
	if used > memoryBudget || db.Size() > diskBudget {
		t.Errorf("%d bytes of memory, %d of disk", used, db.Size())
	}
	snapshots.Swap(buildMany(t, "second", manyPhones/100))
	begun = time.Now()
	l.Synced(ledger.Sync{At: begun, Trigger: "reload"})
	testkit.Eventually(t, "the changed phones wait", func() bool { return l.Counts()[ledger.ChangeWaiting] == manyPhones/100 })
	t.Logf("1 of 100 changed: known after %v", time.Since(begun))
	begun = time.Now()
	page, err := l.Phones(ledger.Query{States: []ledger.State{ledger.ChangeWaiting}})
	t.Logf("query: %d of %d in %v, %v", len(page.Items), page.Total, time.Since(begun), err)
	begun = time.Now()
	page, err = l.Phones(ledger.Query{Text: "nobody"})
	t.Logf("search: %d of %d in %v, %v", len(page.Items), page.Total, time.Since(begun), err)
	settle(t, l)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func settle(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := l.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

// buildMany builds manyPhones. The first ones have the given secret.
func buildMany(t testing.TB, secret string, first int) *provision.Snapshot {
	t.Helper()
	var users strings.Builder
	users.WriteString("[general]\n[phone](!)\nautoprov = yes\nprofile = p\n")
	for i := range manyPhones {
		s := "first"
		if i < first {
			s = secret
		}
		fmt.Fprintf(&users, "[%06d](phone)\nusername = %06[1]d\nfullname = User %[1]d\nsecret = %s\nmacaddress = %012[1]x\n", i, s)
	}
	files := map[string]string{"users.conf": users.String(), "phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n${MAC}-d.cfg => d.cfg\n"}
	config := provision.Config{}
	astconftest.Read(t, config, config.Files(), files)
	s, _, err := provision.Build(t.Context(), provision.Input{Config: config}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fetchAll(t testing.TB, l *ledger.Ledger, s *provision.Snapshot, r *provision.Renderer) {
	t.Helper()
	for i := range manyPhones {
		for _, format := range []string{"%012x.cfg", "%012x-d.cfg"} {
			a := ledger.Answer{At: time.Now(), Method: "GET", File: fmt.Sprintf(format, i), Status: 200, Bytes: 6000, Whole: true,
				Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), MAC: device.MAC{3: byte(i >> 16), 4: byte(i >> 8), 5: byte(i)},
				Asked: provision.Request{Server: "pbx.test", Host: "pbx.test:8080", Scheme: "http", Prefix: "/phoneprov", UserAgent: fmt.Sprintf("Yealink SIP-T46S 66.85.0.5 %012x", i)}}
			a.Route = s.RouteOf(a.File)
			var err error
			if a.ETag, a.Basis, err = r.Digest(t.Context(), s, a.Route, a.Asked); err != nil {
				t.Fatal(err)
			}
			l.Served(a)
		}
		if i%4000 == 0 {
			settle(t, l)
		}
	}
}
