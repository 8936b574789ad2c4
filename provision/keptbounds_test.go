package provision

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"
)

// Files that are asked for once each are not kept, and what is remembered of them is bounded. What is sent may come from a
// buffer that is used again: it is whole nevertheless.
func TestKeptAtTheSecondTime(t *testing.T) {
	const phones = 3 * maxOnce / 2
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(phones)})
	r, dir := renderer(t, nil)
	(&keptSite{dir: dir}).lay(t, "t", strings.Repeat("${MAC}", 50), time.Hour)
	ask := func(mac string) {
		t.Helper()
		if got, err := render(t, r, s, mac, Request{Now: testNow}); err != nil || got != strings.Repeat(mac, 50) {
			t.Fatalf("%s: got %q (%v)", mac, got, err)
		}
	}
	for i := range phones {
		ask(fmt.Sprintf("%012x", i))
		if len(s.kept.files) != 0 {
			t.Fatalf("%d kept", len(s.kept.files))
		}
	}
	for range 3 {
		ask("000000000007")
		ask("000000000008")
	}
	if len(s.kept.files) != 2 {
		t.Errorf("%d are kept, want 2", len(s.kept.files))
	}
}

// What a snapshot keeps is bounded, and what is asked for again stays.
func TestKeptIsBounded(t *testing.T) {
	const phones = 2000
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(phones)})
	r, dir := renderer(t, nil)
	(&keptSite{dir: dir}).lay(t, "t", "${MAC}"+strings.Repeat("x", 100<<10), time.Hour)
	q := Request{Now: testNow}
	asked := s.Lookup("000000000007")
	for i := range phones {
		mac := fmt.Sprintf("%012x", i)
		if got, err := render(t, r, s, mac, q); err != nil || !strings.HasPrefix(got, mac) {
			t.Fatalf("%s: got %.20q (%v)", mac, got, err)
		}
		if got, err := render(t, r, s, mac, q); err != nil || !strings.HasPrefix(got, mac) {
			t.Fatalf("%s again: got %.20q (%v)", mac, got, err)
		}
		if i >= 7 && s.kept.get(r, asked, q) == nil {
			t.Fatalf("what is always asked for is gone after %d files", i)
		}
	}
	sum := 0
	for i, f := range s.kept.ring {
		if f.place != i || s.kept.files[f.route.number] != f {
			t.Errorf("place %d is in disorder", i)
		}
		sum += f.size()
	}
	if sum != s.kept.bytes || sum > maxKept || sum < maxKept/2 || len(s.kept.files) != len(s.kept.ring) {
		t.Errorf("%d files, %d routes, %d bytes, counted as %d; at most %d are wanted", len(s.kept.ring), len(s.kept.files), sum, s.kept.bytes, maxKept)
	}
}

// A document that is kept holds nothing of the one that was sent: neither that nor its buffer stays because of it.
func TestKeptHoldsNoOther(t *testing.T) {
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(1)})
	r, dir := renderer(t, nil)
	(&keptSite{dir: dir}).lay(t, "t", "${MAC}", time.Hour)
	rt, q := s.Lookup("000000000000"), Request{Now: testNow}
	var sent []weak.Pointer[Document]
	for range 2 {
		doc, err := r.Render(t.Context(), s, rt, q)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, weak.Make(doc))
		doc.Close()
	}
	runtime.GC()
	if sent[0].Value() != nil || sent[1].Value() != nil {
		t.Error("a document that was sent is held")
	}
	if doc := s.kept.get(r, rt, q); doc == nil || !slices.Equal(doc.Templates, []string{"t"}) {
		t.Errorf("got %+v", doc)
	}
}
