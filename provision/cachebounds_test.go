package provision

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// What a renderer remembers is bounded.
func TestCachesAreBounded(t *testing.T) {
	part := skips.Size(t, 1, 4) // of the room
	phones := 400 / part        // more than there is room for
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(phones)})
	r, dir := renderer(t, nil)
	(&cachedSite{dir: dir}).lay(t, "t", "${MAC}"+strings.Repeat("x", 100<<10), time.Hour)
	if part > 1 {
		r = r.WithRoom(int64(maxRoom / part))
	}
	q := Request{Now: testNow}
	for i := range phones {
		mac := fmt.Sprintf("%012x", i)
		if got, err := render(t, r, s, mac, q); err != nil || !strings.HasPrefix(got, mac) {
			t.Fatalf("%s: got %.20q (%v)", mac, got, err)
		}
		if got, err := render(t, r, s, mac, q); err != nil || !strings.HasPrefix(got, mac) {
			t.Fatalf("%s again: got %.20q (%v)", mac, got, err)
		}
	}
	if s := r.Stats(); s.Bytes > (maxFiles+maxPlans)/part || s.Files < phones/10 || s.Files > maxFiles/part/(100<<10) {
		t.Errorf("%+v, bound %d", s, maxFiles/part)
	}
}

// With less room a renderer remembers less, and every file is right.
func TestRoomBoundsWhatIsRemembered(t *testing.T) {
	const phones, room = 300, 100 << 10
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(phones)})
	r, dir := renderer(t, nil)
	(&cachedSite{dir: dir}).lay(t, "t", "${MAC}"+strings.Repeat("x", 1<<10), time.Hour)
	r = r.WithRoom(room)
	for i := range phones {
		mac := fmt.Sprintf("%012x", i)
		for range 2 {
			if got, err := render(t, r, s, mac, Request{Now: testNow}); err != nil || !strings.HasPrefix(got, mac) {
				t.Fatalf("%s: got %.20q (%v)", mac, got, err)
			}
		}
	}
	if got := r.Stats(); got.Bytes > room || got.Files == 0 || got.Files > phones/4 {
		t.Errorf("got %+v, room %d", got, room)
	}
}

// A remembered document refers neither to the document that was sent nor to its buffer.
func TestCachedFileHoldsNoOther(t *testing.T) {
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\n[p]\n${MAC} => t\n", "users.conf": benchUsers(1)})
	r, dir := renderer(t, nil)
	(&cachedSite{dir: dir}).lay(t, "t", "${MAC}", time.Hour)
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
	if doc, err := r.Render(t.Context(), s, rt, q); err != nil || r.Stats().Files != 1 || !slices.Equal(doc.Templates(), []string{"t"}) {
		t.Errorf("got %+v", doc)
	}
}
