package ledger

import (
	"testing"
	"testing/synctest"
	"time"
)

// partOf returns the part that contains a moment.
func partOf(t *testing.T, parts []DayPart, at time.Time) DayPart {
	t.Helper()
	for _, p := range parts {
		if !at.Before(p.At) && at.Before(p.At.Add(15*time.Minute)) {
			return p
		}
	}
	t.Fatalf("no part of %v", at)
	return DayPart{}
}

func TestDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCountingStore()
		s := newSite(t, twoPhones, func(o *Options) { o.Store = store })
		first := time.Now()
		s.fetch(desk, cfg1)
		s.fetch(desk, "shared.cfg")
		s.refuse(asks{"192.0.2.9", "curl", "", true}, cfg1, "no user agent of a phone")
		s.refuse(asks{"192.0.2.9", "curl", "", true}, macNone+".cfg", "no such phone")
		half := s.answer(asks{"192.0.2.7", desk.agent, desk.host, false}, cfg1, 200) // the phone left before its end
		head := s.answer(desk, cfg1, 200)
		head.Method = "HEAD"
		s.Served(half)
		s.Served(head)
		s.settled()
		time.Sleep(time.Hour)
		parts := s.Day()
		if len(parts) != 96 || parts[95].At.After(time.Now()) || time.Since(parts[95].At) > 15*time.Minute {
			t.Fatalf("got %d parts, the last of %v", len(parts), parts[len(parts)-1].At)
		}
		for i, p := range parts[1:] {
			if p.At.Sub(parts[i].At) != 15*time.Minute {
				t.Errorf("%v follows %v", p.At, parts[i].At)
			}
		}
		if p := partOf(t, parts, first); p.Fetches != 2 || p.Refusals != 2 || p.Phones != 2 || p.UpToDate != 1 || p.Share == nil || *p.Share != 0.5 {
			t.Errorf("the first part: got %+v", p)
		}
		if p := partOf(t, parts, first.Add(-time.Hour)); p.Phones != 0 || p.Share != nil {
			t.Errorf("before the start: got %+v", p)
		}
		if p := partOf(t, parts, first.Add(time.Hour)); p.Fetches+p.Refusals != 0 || p.Share == nil || *p.Share != 0.5 {
			t.Errorf("a quiet part: got %+v", p)
		}
		s.fetch(desk, mac2+".cfg")
		s.settled()
		time.Sleep(20 * time.Minute)
		if p := partOf(t, s.Day(), time.Now()); *p.Share != 1 {
			t.Errorf("after the second phone: got %+v", p)
		}

		// It survives a restart.
		s.stop()
		before := s.Day()
		store.kept.Day = store.day()
		again := newSite(t, "", func(o *Options) { o.Store = store })
		for i, p := range again.Day() {
			if b := before[i]; p.Fetches != b.Fetches || p.Refusals != b.Refusals || p.Phones != b.Phones || p.UpToDate != b.UpToDate {
				t.Errorf("after a restart: got %+v, want %+v", p, b)
			}
		}
		// A part is gone after a day.
		time.Sleep(25 * time.Hour)
		for _, p := range again.Day() {
			if p.Fetches+p.Refusals != 0 {
				t.Errorf("a day later: got %+v", p)
			}
		}
	})
}

// After a start, no share is recorded until the phones are compared: an unknown phone is not an outdated one.
func TestDayWaitsForTheComparison(t *testing.T) {
	t.Parallel()
	store := newCountingStore()
	s := newSite(t, twoPhones, func(o *Options) { o.Store = store })
	s.fetch(desk, cfg1)
	s.settled()
	s.stop()
	again := makeSite(t, "", func(o *Options) { o.Store = store })
	again.commit()
	if p := again.Day()[95]; p.Phones != 0 {
		t.Errorf("before a configuration is read: got %+v", p)
	}
	again.sync(twoPhones)
	again.drain()
	again.commit()
	if p := again.Day()[95]; p.Phones != 0 {
		t.Errorf("before the comparison: got %+v", p)
	}
	again.run(t)
	again.settled()
	again.commit()
	if p := again.Day()[95]; p.UpToDate != 1 || p.Phones != 2 {
		t.Errorf("got %+v", p)
	}
}

// The day does not count an answer that is older than a day, or from before 1970.
func TestDayOfAnOddClock(t *testing.T) {
	var d day
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a := Answer{Method: "GET", Status: 200, Whole: true}
	for _, at := range []time.Time{now, now.Add(-24 * time.Hour), now.Add(-100 * time.Hour), {}, time.Unix(-1, 0)} {
		a.At = at
		d.count(&a, now)
	}
	if c := d.part(now, now); c == nil || c.fetches != 1 {
		t.Errorf("got %+v", c)
	}
}
