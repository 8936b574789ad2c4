package ledger

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

const (
	etag1 = `"00000000000000000000000000000001"`
	etag2 = `"00000000000000000000000000000002"`
)

// timed returns a site whose phone fetched a file that is valid for an hour.
func timed(t *testing.T, o func(*Options)) (*site, *fakeRenderer) {
	r := &fakeRenderer{etag: etag1}
	s := makeSite(t, twoPhones, func(opt *Options) {
		opt.Renderer = r
		if o != nil {
			o(opt)
		}
	})
	s.stop = s.run(t)
	a := s.fetched(desk, cfg1)
	a.ETag, a.Basis.Until, a.Basis.Templates, a.Basis.TemplatesPrint = etag1, time.Now().Add(time.Hour), "t", 0
	r.set(etag1, a.Basis.Until)
	s.Served(a)
	return s, r
}

// TestFileChangesWithTheTime checks that the state changes within seconds after the file's time ends, and not earlier.
func TestFileChangesWithTheTime(t *testing.T) {
	s, r := (*site)(nil), (*fakeRenderer)(nil)
	synctest.Test(t, func(t *testing.T) {
		s, r = timed(t, nil)
		time.Sleep(time.Second)
		s.wantState(mac1, UpToDate)
		r.set(etag2, time.Now().Add(24*time.Hour))
		time.Sleep(59 * time.Minute)
		s.wantState(mac1, UpToDate)
		time.Sleep(time.Minute + 2*templatesEvery)
		p := s.wantState(mac1, ChangeWaiting)
		if since := time.Since(*p.Since); since > 4*templatesEvery {
			t.Errorf("waits since %v", since)
		}
		made := r.count()
		time.Sleep(22 * time.Hour)
		if s.settled(); r.count() != made {
			t.Errorf("compared %d times more before it can change", r.count()-made)
		}
	})
}

func TestToldBecomesNoReaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := timed(t, nil)
		s.settled()
		r.set(etag2, time.Time{})
		s.sync(changed)
		s.wantState(mac1, ChangeWaiting)
		s.PhoneTold(mac1, Notice{At: time.Now(), Until: time.Now().Add(time.Minute), How: "NOTIFY", Tries: 1})
		time.Sleep(59 * time.Second)
		s.wantState(mac1, Told)
		time.Sleep(time.Second + 2*templatesEvery)
		p := s.wantState(mac1, NoReaction)
		if p.Told == nil || p.Told.Tries != 1 {
			t.Errorf("got %+v", p.Told)
		}
		history, err := s.History(mac1)
		var kinds []string
		for _, e := range history {
			kinds = append(kinds, strings.TrimSuffix(string(e.Kind)+":"+string(e.To), ":"))
		}
		if got, want := strings.Join(kinds, " "), "state:no_reaction state:told told state:change_waiting changed state:up_to_date fetched"; got != want || err != nil {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
		if s.PhoneTold(macNone, Notice{}) {
			t.Error("a phone that is not there was told")
		}
	})
}

func TestFetchIsCommittedWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		s, _ := timed(t, func(o *Options) { o.Store = store })
		time.Sleep(commitEvery + gatherTime)
		if !store.has(mac1) {
			t.Error("the fetch was not committed within a second")
		}
		n := store.commits()
		time.Sleep(time.Hour / 2)
		if store.commits() != n {
			t.Errorf("%d commits more while nothing happens", store.commits()-n)
		}
		_ = s
	})
}

// TestStoreFailsAndWorksAgain checks that the ledger reports the fault and its end once each, and loses nothing that
// fits into memory.
func TestStoreFailsAndWorksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		store.fail(errors.New("no space left on device"))
		s, _ := timed(t, func(o *Options) { o.Store = store })
		time.Sleep(time.Minute)
		if got := s.toldFaults(); len(got) != 1 || got[0] == nil || s.Stats().StoreFault != "no space left on device" || s.Stats().CommitErrors < 5 {
			t.Errorf("got %v, %+v", got, s.Stats())
		}
		s.wantState(mac1, UpToDate)
		if events, err := s.History(mac1); len(events) != 2 || err != nil {
			t.Errorf("got %v, %v", events, err)
		}
		store.fail(nil)
		time.Sleep(2 * retryEvery)
		if got := s.toldFaults(); len(got) != 2 || got[1] != nil || s.Stats().StoreFault != "" || !store.has(mac1) || s.Stats().Lost != 0 {
			t.Errorf("got %v, %+v", got, s.Stats())
		}
		if events, err := s.History(mac1); len(events) != 2 || err != nil {
			t.Errorf("got %v, %v", events, err)
		}
	})
}

// TestServingNeverWaits uses a store that hangs and a full queue.
func TestServingNeverWaits(t *testing.T) {
	store := newCountingStore()
	store.block = make(chan struct{})
	s := makeSite(t, twoPhones, func(o *Options) { o.Store = store })
	a := s.fetched(desk, cfg1)
	for range maxQueued + 100 {
		s.Served(a)
	}
	stats := s.Stats()
	if stats.Dropped < 100 || stats.Queued > maxQueued+1 {
		t.Errorf("got %+v", stats)
	}
	stop := s.run(t)
	s.wantState(mac1, UpToDate) // readers do not wait either
	close(store.block)
	stop()
	if !store.has(mac1) {
		t.Error("what was told before the end is not committed")
	}
}

// TestClockGoesBackADay checks that records survive and that later events count.
func TestClockGoesBackADay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	s := newSite(t, twoPhones, func(o *Options) { o.Now = clock })
	s.fetch(desk, cfg1)
	s.wantState(mac1, UpToDate)
	mu.Lock()
	now = now.Add(-24 * time.Hour)
	mu.Unlock()
	s.sync(changed)
	s.wantState(mac1, ChangeWaiting)
	s.fetch(desk, cfg1)
	p := s.wantState(mac1, UpToDate)
	if !p.LastFetch.Equal(clock()) {
		t.Errorf("the last fetch was at %v", p.LastFetch)
	}
	if events, err := s.History(mac1); len(events) != 6 || err != nil {
		t.Errorf("got %d events, %v: %v", len(events), err, events)
	}
}

// TestForgetsPhonesThatAreGone checks that the ledger forgets a phone when the phone's history is deleted.
func TestForgetsPhonesThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		s, _ := timed(t, func(o *Options) { o.Store = store })
		s.settled()
		s.sync("[general]\n")
		s.stop() // a ledger that runs does something in each second
		time.Sleep(MaxHistoryAge - 2*time.Hour)
		s.run(t)
		time.Sleep(time.Hour)
		if _, ok := s.Phone(mac1); !ok {
			t.Error("forgotten too early")
		}
		time.Sleep(2*time.Hour + commitEvery)
		if _, ok := s.Phone(mac1); ok || store.has(mac1) {
			t.Error("not forgotten")
		}
	})
}

// TestRestart checks that a restart keeps all records. A state is unknown until it is compared, and that adds no event.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		s, r := timed(t, func(o *Options) { o.Store = store })
		b := s.fetched(desk, mac2+".cfg")
		b.ETag = etag1
		s.Served(b)
		s.settled()
		time.Sleep(2 * commitEvery)
		before, _ := s.Phone(mac1)
		events := len(store.happened())
		r.set(etag1, time.Time{})
		s.stop()

		next := makeSite(t, "", func(o *Options) { o.Store, o.Renderer = store, r })
		p, _ := next.Phone(mac1)
		if p.State != Unknown || !strings.Contains(p.Reason, whyNoSnapshot) || p.Files[0].FetchedETag != etag1 {
			t.Errorf("before the first snapshot: %+v", p)
		}
		if n := next.Counts()[Unknown]; n != 2 {
			t.Errorf("%d phones are unknown", n)
		}
		stop := next.run(t)
		next.sync(twoPhones)
		p = next.wantState(mac1, UpToDate)
		if !p.Since.Equal(before.Since.Truncate(time.Millisecond)) || !p.LastFetch.Equal(before.LastFetch.Truncate(time.Millisecond)) {
			t.Errorf("got %+v, want %+v", p, before)
		}
		time.Sleep(2 * commitEvery)
		if got := store.happened(); len(got) != events {
			t.Errorf("got events %v", got[events:])
		}
		stop()
		r.set(etag2, time.Time{})
		again := newSite(t, twoPhones, func(o *Options) { o.Store, o.Renderer = store, r })
		again.wantState(mac1, ChangeWaiting)
		history, err := again.History(mac1)
		if err != nil || history[0].Kind != StateEvent || history[0].From != UpToDate || history[0].To != ChangeWaiting {
			t.Errorf("got %v, %v", history, err)
		}
	})
}

func TestFiftyThousandPhonesChangeAtOnce(t *testing.T) {
	phones := skips.Size(t, 50_000, 2_000)
	users := func(secret string) string {
		var b strings.Builder
		b.WriteString("[general]\n[phone](!)\nautoprov = yes\n")
		for i := range phones {
			fmt.Fprintf(&b, "[%d](phone)\nusername = %[1]d\nmacaddress = %012[1]x\nsecret = %s\n", i, secret)
		}
		return b.String()
	}
	s := newSite(t, users("first"), nil)
	snap := s.store.Load()
	a := s.answer(desk, "", 200)
	a.MAC = [6]byte{}
	for i := range phones {
		name := fmt.Sprintf("%012x.cfg", i)
		a.File, a.Route = name, snap.RouteOf(name)
		if i%1000 == 0 {
			s.settled() // the queue is bounded
		}
		var err error
		if a.ETag, a.Basis, err = s.renderer.Digest(t.Context(), snap, a.Route, a.Asked); err != nil {
			t.Fatal(err)
		}
		s.Served(a)
	}
	s.settled()
	if n := s.Counts()[UpToDate]; n != phones {
		t.Fatalf("%d phones are up to date, %d were dropped", n, s.Stats().Dropped)
	}
	s.sync(users("second"))
	s.settled()
	if n := s.Counts()[ChangeWaiting]; n != phones {
		t.Errorf("%d phones have a change waiting", n)
	}
	sync := s.Syncs()[0]
	if sync.Changed != phones || len(sync.Changes) != maxSyncPhones || sync.More != phones-maxSyncPhones {
		t.Errorf("got %d changed, %d named, %d more", sync.Changed, len(sync.Changes), sync.More)
	}
}

// TestTemplateThatWasBrokenAtTheStart: a file that could not be made since the start is compared again once it can be,
// although its templates were never known.
func TestTemplateThatWasBrokenAtTheStart(t *testing.T) {
	t.Parallel()
	store := newCountingStore()
	fetched := time.Now().Add(-time.Hour)
	for _, id := range []string{mac1, mac2} {
		store.records[id] = Record{ID: id, State: UpToDate, Files: []FileRecord{{
			Name: id + ".cfg", State: UpToDate, Fetched: `"00000000000000000000000000000001"`, FetchedAt: fetched, RequestedAt: fetched, Status: 200,
		}}}
	}
	s := newSite(t, "", func(o *Options) { o.Store = store })
	s.removeTemplate("t.cfg")
	s.sync(twoPhones)
	for _, id := range []string{mac1, mac2} {
		s.wantState(id, Failing)
	}
	s.lookAtTemplates() // it is still not there
	s.wantState(mac2, Failing)
	s.template("t.cfg", "user ${USERNAME}\n")
	s.lookAtTemplates()
	for _, id := range []string{mac1, mac2} {
		s.wantState(id, ChangeWaiting)
	}
}

// TestDayAfterTheClockWentBack: requests count, although parts of the future were counted before.
func TestDayAfterTheClockWentBack(t *testing.T) {
	t.Parallel()
	var d day
	now := time.Now()
	fetch := Answer{Method: "GET", Status: 200, Whole: true}
	back := now.Add(-24 * time.Hour)
	for _, at := range []time.Time{now, back, back} {
		fetch.At = at
		d.count(&fetch, at)
	}
	if c := d.part(back, back); c == nil || c.fetches != 2 {
		t.Errorf("got %+v", c)
	}
}

// TestSummerTimeEnds: a file with the days of summer time is another one once it is over, and not before. A file without
// them stays as it is.
func TestSummerTimeEnds(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	set := func(at string) {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		now.Store(moment.Unix())
	}
	set("2026-10-20T12:00:00Z")
	s := newSite(t, strings.ReplaceAll(twoPhones, "autoprov = yes\n", "autoprov = yes\ntimezone = Europe/Berlin\n"), func(o *Options) {
		o.Now = func() time.Time { return time.Unix(now.Load(), 0).UTC() }
	})
	s.template("t.cfg", "summer time from ${DST_START_MONTH}-${DST_START_MDAY} to ${DST_END_MONTH}-${DST_END_MDAY}\n")
	s.template("dir.xml", "<zone>${TIMEZONE}</zone>\n")
	s.fetch(desk, cfg1)
	s.fetch(asks{"192.0.2.8", desk.agent, desk.host, true}, mac2+"-dir.xml")
	for _, row := range []struct {
		at   string
		want State
	}{
		{"2026-10-24T12:00:00Z", UpToDate},
		{"2026-10-25T00:59:59Z", UpToDate},
		{"2026-10-25T01:00:00Z", ChangeWaiting},
		{"2026-12-24T12:00:00Z", ChangeWaiting},
	} {
		set(row.at)
		s.lookAtClock()
		s.wantState(mac1, row.want)
		s.wantState(mac2, UpToDate)
	}
	s.fetch(desk, cfg1)
	s.wantState(mac1, UpToDate)
	set("2027-03-28T01:00:00Z")
	s.lookAtClock()
	s.wantState(mac1, ChangeWaiting)
}
