package ledger

import (
	"slices"
	"time"
)

// The ledger counts in parts of a day.
const (
	// dayPart is the length of a part. A chart on the page can show the 96 parts of a day.
	dayPart  = 15 * time.Minute
	dayParts = int(24 * time.Hour / dayPart)
)

// DayPart counts what happened in a quarter of an hour.
type DayPart struct {
	At       time.Time `json:"at"`         // its beginning
	Fetches  int       `json:"fetches"`    // files that phones got or had already: answers 200 and 304 that phones read to the end
	Refusals int       `json:"refusals"`   // refused requests, also those of strangers
	Phones   int       `json:"phones"`     // phones in the configuration at its end; 0: phoneprov did not run, or there were none
	UpToDate int       `json:"up_to_date"` // how many of Phones were up to date
	Share    *float64  `json:"share"`      // UpToDate of Phones, from 0 to 1; null: Phones is 0
}

// day has the parts of the last 24 hours. A part's place in the ring follows from its number since 1970.
type day struct {
	ring    [dayParts]dayCount
	changed bool // the Store lacks a counted request; samples alone cause no commit
	sampled bool // sampleDay counted phones since the start
}

type dayCount struct{ number, fetches, refusals, phones, upToDate int }

func partNumber(at time.Time) int { return int(at.Unix() / int64(dayPart/time.Second)) }

// part returns the part of a moment. It returns nil for a moment before 1970, or more than a day ago. After the clock went
// back, parts of the future give way.
func (d *day) part(at, now time.Time) *dayCount {
	number := partNumber(at)
	if number < 0 || number <= partNumber(now)-dayParts {
		return nil
	}
	c := &d.ring[number%dayParts]
	if c.number != number {
		*c = dayCount{number: number}
	}
	return c
}

// count counts a request, if it is a fetch or a refusal.
func (d *day) count(a *Answer, now time.Time) {
	got := a.Whole && (a.Status == statusOK || a.Status == statusNotModified)
	if a.Method != "GET" || !got && !a.Refused {
		return
	}
	if c := d.part(a.At, now); c != nil {
		d.changed = true
		if a.Refused {
			c.refusals++
		} else {
			c.fetches++
		}
	}
}

// sampleDay records how many phones are up to date. After the start, it records nothing until all phones are compared,
// because their states are unknown. The caller holds l.mu.
func (l *Ledger) sampleDay() {
	if l.served == nil || !l.day.sampled && !l.lanes.compared() {
		return
	}
	now := l.now()
	c := l.day.part(now, now)
	if c == nil {
		return
	}
	l.day.sampled = true
	c.phones, c.upToDate = 0, l.counts[rankOf(UpToDate)]
	for _, n := range l.counts {
		c.phones += n
	}
}

// Day returns the parts of the last 24 hours, the oldest first. The last one is the present part.
func (l *Ledger) Day() []DayPart {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.dayShown()
}

func (l *Ledger) dayShown() []DayPart {
	last := partNumber(l.now())
	parts := make([]DayPart, 0, dayParts)
	for number := max(0, last-dayParts+1); number <= last; number++ {
		p := DayPart{At: time.Unix(int64(number)*int64(dayPart/time.Second), 0).UTC()}
		if c := l.day.ring[number%dayParts]; c.number == number {
			p.Fetches, p.Refusals, p.Phones, p.UpToDate = c.fetches, c.refusals, c.phones, c.upToDate
		}
		if p.Phones > 0 {
			share := float64(p.UpToDate) / float64(p.Phones)
			p.Share = &share
		}
		parts = append(parts, p)
	}
	return parts
}

// restore sets the parts that the Store saved. It skips malformed parts.
func (d *day) restore(parts []DayPart, now time.Time) {
	for _, p := range parts {
		if c := d.part(p.At, now); c != nil && p.Fetches >= 0 && p.Refusals >= 0 && p.UpToDate >= 0 && p.UpToDate <= p.Phones {
			c.fetches, c.refusals, c.phones, c.upToDate = p.Fetches, p.Refusals, p.Phones, p.UpToDate
		}
	}
}

// dayKept returns the parts for the Store. The caller holds l.mu.
func (l *Ledger) dayKept() []DayPart {
	return slices.DeleteFunc(l.dayShown(), func(p DayPart) bool { return p.Fetches+p.Refusals+p.Phones == 0 })
}
