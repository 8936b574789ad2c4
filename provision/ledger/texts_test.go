package ledger

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// keptText waits for the text of a phone's file.
func (s *site) keptText(id, file string) (t Text) {
	s.t.Helper()
	var err error
	testkit.Eventually(s.t, "the text of "+file, func() bool {
		t, err = s.LastFetched(id, file)
		return err == nil
	})
	return t
}

// LastFetched returns the text of the phone's last fetch, without the secret. The text stays until the next fetch.
func TestLastFetched(t *testing.T) {
	t.Parallel()
	store := newCountingStore()
	s := newSite(t, twoPhones, func(o *Options) { o.Store = store }).settled()
	if _, err := s.LastFetched(macNone, cfg1); !errors.Is(err, ErrNoPhone) {
		t.Errorf("no phone: got %v", err)
	}
	if _, err := s.LastFetched(mac1, cfg1); !errors.Is(err, ErrNotFetched) {
		t.Errorf("before the fetch: got %v", err)
	}
	a := s.fetch(desk, cfg1)
	first := s.keptText("00:04:F2:00:00:01", cfg1)
	if want := "user 6001 <secret> at pbx.test http T46S\n"; first.Kept.Masked() != want || first.ETag != a.ETag || strings.Contains(first.Kept.Lines, "first") {
		t.Errorf("got %q, %s, want %q, %s", first.Kept.Lines, first.ETag, want, a.ETag)
	}
	s.sync(strings.Replace(twoPhones, "secret = first", "secret = third", 1))
	s.wantState(mac1, ChangeWaiting)
	if had, err := s.LastFetched(mac1, cfg1); err != nil || had.Kept != first.Kept {
		t.Errorf("while a change waits: got %+v, %v", had, err)
	}
	s.fetch(desk, cfg1)
	s.settled()
	second := s.keptText(mac1, cfg1)
	if second.Kept.Masked() != first.Kept.Masked() || second.Kept.Sum == first.Kept.Sum || second.Kept.Lines == first.Kept.Lines {
		t.Errorf("after another secret: got %+v and %+v", first, second)
	}
	// A restart keeps it, with the key.
	s.stop()
	if len(store.lastKey) == 0 {
		t.Fatal("no key was committed")
	}
	store.kept.Key = store.lastKey
	again := newSite(t, "", func(o *Options) { o.Store = store })
	if had, err := again.LastFetched(mac1, cfg1); err != nil || had.Kept != second.Kept || string(again.Key()) != string(store.lastKey) {
		t.Errorf("after a restart: got %+v, %v", had, err)
	}
}

// Each row has a file whose text is not kept, and the reason.
func TestTextsThatAreNotKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	s.template("t.cfg", "${USERNAME}"+strings.Repeat("0123456789abcdef", MaxKept/16)+"\n")
	for name, want := range map[string]string{
		cfg1:               "more than 64 kB",
		mac1 + "-ask.cfg":  "answers of Asterisk",
		mac1 + "-rand.cfg": "chance",
	} {
		s.fetch(desk, name)
		s.settled()
		testkit.Eventually(t, name+": "+want, func() bool {
			_, err := s.LastFetched(mac1, name)
			return errors.Is(err, ErrNotKept) && strings.Contains(err.Error(), want)
		})
	}
	// A file with exactly MaxKept bytes is kept.
	s.template("t.cfg", strings.Repeat("0123456789abcdef", MaxKept/16))
	s.fetch(desk, mac2+".cfg")
	if had := s.keptText(mac2, mac2+".cfg"); len(had.Kept.Lines) != MaxKept {
		t.Errorf("got %d bytes", len(had.Kept.Lines))
	}
}

// If the file changes before the ledger makes its text, no text is kept: it would be the text of another version.
func TestTextOfAnotherVersionIsNotKept(t *testing.T) {
	s := makeSite(t, twoPhones, nil)
	s.drain()
	s.fetch(desk, cfg1)
	s.drain()
	s.sync(strings.Replace(twoPhones, "secret = first", "secret = third", 1))
	s.drain()
	s.run(t)
	s.wantState(mac1, ChangeWaiting)
	if had, err := s.LastFetched(mac1, cfg1); !errors.Is(err, ErrNotKept) {
		t.Errorf("got %+v, %v", had, err)
	}
}

// lose deletes everything, as if the file were damaged.
func (m *memory) lose() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events, m.texts, m.textBytes = nil, map[textName]Text{}, 0
}

// If the store lost a text or never had it, the ledger makes the text again. The phone must still have the present file.
func TestTextsAreMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		s := newSite(t, twoPhones, func(o *Options) { o.Store = store })
		s.fetch(desk, cfg1)
		s.keptText(mac1, cfg1)
		s.stop()
		store.memory = newMemory() // as if an older phoneprov had written the file
		again := newSite(t, "", func(o *Options) { o.Store = store })
		again.sync(twoPhones)
		if had := again.keptText(mac1, cfg1); !strings.Contains(had.Kept.Lines, "<secret>") {
			t.Errorf("got %+v", had)
		}
		store.fail(ErrLost)
		again.fetch(desk, mac2+".cfg")
		testkit.Eventually(t, "the store was lost", func() bool { return again.Stats().CommitErrors > 0 })
		store.memory.lose()
		store.fail(nil)
		again.keptText(mac1, cfg1)
		again.keptText(mac2, mac2+".cfg")
	})
}
