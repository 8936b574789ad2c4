package zone

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// everyZone returns Go's time-zone database, by name.
func everyZone(t *testing.T) map[string][]byte {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	zones := map[string][]byte{}
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if zones[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		in.Close()
	}
	if len(zones) < 500 {
		t.Fatalf("only %d zones", len(zones))
	}
	return zones
}

// distinctZones returns every zone without the links to other zones.
func distinctZones(t *testing.T) []*time.Location {
	t.Helper()
	zones := everyZone(t)
	seen := map[string]bool{}
	var locs []*time.Location
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		if data := string(zones[name]); !seen[data] {
			seen[data] = true
			loc, err := time.LoadLocationFromTZData(name, zones[name])
			if err != nil {
				t.Fatal(err)
			}
			locs = append(locs, loc)
		}
	}
	return locs
}

// simulatedPhone knows only what the variables say of a time zone, and repeats it every year.
type simulatedPhone struct {
	offset, save int // seconds
	start, end   WallClock
	byDate       bool // it uses MDAY, not WEEK and WDAY
}

func newSimulatedPhone(loc *time.Location, now time.Time, byDate bool) simulatedPhone {
	r := RuleAt(loc, now)
	return simulatedPhone{r.Offset / 60 * 60, r.Save / 60 * 60, r.Start, r.End, byDate} // the variables have minutes
}

// offsetAt returns what the phone adds to UTC.
func (p simulatedPhone) offsetAt(t time.Time) int {
	if p.save == 0 {
		return p.offset
	}
	year := t.UTC().Add(time.Duration(p.offset) * time.Second).Year()
	start, end := p.moment(year, p.start, p.offset), p.moment(year, p.end, p.offset+p.save)
	if isSummer(t, start, end) {
		return p.offset + p.save
	}
	return p.offset
}

// isSummer reports whether t is in summer time. In the south summer time lasts over the new year.
func isSummer(t, start, end time.Time) bool {
	if end.Before(start) {
		return t.Before(end) || !t.Before(start)
	}
	return !t.Before(start) && t.Before(end)
}

func (p simulatedPhone) moment(year int, w WallClock, offset int) time.Time {
	day := w.MDay
	if !p.byDate {
		first := time.Date(year, time.Month(w.Month), 1, 0, 0, 0, 0, time.UTC)
		day = 1 + (w.WDay-int(first.Weekday())+7)%7 + 7*(w.Week-1)
		if w.Week < 0 {
			last := first.AddDate(0, 1, -1)
			day = last.Day() - (int(last.Weekday())-w.WDay+7)%7
		}
	}
	return time.Date(year, time.Month(w.Month), day, w.Hour, w.Minute, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
}

// movingRules are zones whose changes are not on the same weekday of the same week each year. For a week after a change
// the next year's rule differs from this year's.
var movingRules = map[string]string{
	"Africa/Cairo":         "Friday after the last Thursday",
	"America/Asuncion":     "changed its rule",
	"America/Coyhaique":    "Sunday after the first Saturday",
	"America/Godthab":      "Saturday before the last Sunday",
	"America/Santiago":     "Sunday after the first Saturday",
	"America/Scoresbysund": "Saturday before the last Sunday",
	"Asia/Gaza":            "Saturday before the last Sunday, and Ramadan",
	"Asia/Hebron":          "Saturday before the last Sunday, and Ramadan",
	"Asia/Jerusalem":       "Friday before the last Sunday",
	"Asia/Tehran":          "the Persian calendar's days",
	"Chile/EasterIsland":   "changed its rule",
	"Pacific/Fiji":         "changed its rule",
}

// Until the second of the next two changes, a phone that knows only the variables shows the same time as Go, for every
// zone and year. The test leaves out what a rule without a year cannot say: see checks.
func TestSimulatedPhone(t *testing.T) {
	t.Parallel()
	every := 5 // of the zones
	if skips.Full(t) {
		every = 1
	}
	moved := map[string]bool{}
	for i, loc := range distinctZones(t) {
		if _, known := movingRules[loc.String()]; !known && i%every != 0 {
			continue
		}
		for _, now := range fetches(loc) {
			for _, byDate := range []bool{false, true} {
				last, changed := changeBefore(now)
				recent := changed && now.Sub(last.at) < 8*24*time.Hour
				if byDate && recent {
					continue
				}
				p := newSimulatedPhone(loc, now, byDate)
				for _, at := range checks(t, now, p) {
					_, want := at.Zone()
					got := p.offsetAt(at)
					if got == want {
						continue
					}
					if _, known := movingRules[loc.String()]; known && recent {
						moved[loc.String()] = true
						continue
					}
					t.Errorf("%v, fetched %v, by date %v: at %v got %d, want %d (%+v)", loc, now, byDate, at, got, want, p)
				}
			}
		}
	}
	for zone := range movingRules {
		if !moved[zone] {
			t.Errorf("%s is no exception", zone)
		}
	}
}

// fetches returns moments between 2020 and 2040 at which a phone fetches its file.
func fetches(loc *time.Location) []time.Time {
	var times []time.Time
	end := time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)
	t := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	for year := 2020; year <= 2040; year++ {
		for _, month := range []time.Month{1, 4, 7, 10} {
			times = append(times, time.Date(year, month, 15, 12, 0, 0, 0, loc))
		}
	}
	for {
		c, ok := changeAfter(t)
		if !ok || c.at.After(end) {
			return times
		}
		t = c.at
		times = append(times, t.Add(-time.Second), t, t.AddDate(0, 0, 1))
	}
}

// checks returns the moments around the changes after now that a phone can know: the first change if it has a
// counterpart, and the second if it is that counterpart and within a year.
func checks(t *testing.T, now time.Time, p simulatedPhone) []time.Time {
	first, ok := changeAfter(now)
	if !ok {
		return []time.Time{now, now.AddDate(10, 0, 0)}
	}
	times := []time.Time{now, now.Add(first.at.Sub(now) / 2), first.at.Add(-time.Second)}
	second, ok := changeAfter(first.at)
	paired := ok && second.after == first.before && second.at.Sub(now) <= rulePeriod
	if paired && p.save == 0 {
		t.Errorf("%v at %v: no summer time, but it changes at %v and back at %v", now.Location(), now, first.at, second.at)
	}
	if p.save != 0 {
		times = append(times, first.at)
	}
	if paired {
		times = append(times, first.at.Add(second.at.Sub(first.at)/2), second.at.Add(-time.Second), second.at)
	}
	return times
}

func TestZoneRule(t *testing.T) {
	for _, row := range []struct{ name, zone, now, want string }{
		{"north, winter", "Europe/Vienna", "2026-11-23", "60+60 3/28 week -1 wday 0 2:00, 10/31 week -1 wday 0 3:00"},
		{"north, summer", "Europe/Vienna", "2026-07-01", "60+60 3/28 week -1 wday 0 2:00, 10/25 week -1 wday 0 3:00"},
		{"United States", "America/New_York", "2026-11-23", "-300+60 3/14 week 2 wday 0 2:00, 11/7 week 1 wday 0 2:00"},
		{"the last day of a leap year", "America/New_York", "2028-12-31", "-300+60 3/11 week 2 wday 0 2:00, 11/4 week 1 wday 0 2:00"},
		{"south, summer", "Australia/Sydney", "2026-11-23", "600+60 10/3 week 1 wday 0 2:00, 4/4 week 1 wday 0 3:00"},
		{"half an hour", "Australia/Lord_Howe", "2026-11-23", "630+30 10/3 week 1 wday 0 2:00, 4/4 week 1 wday 0 2:00"},
		{"two hours", "Antarctica/Troll", "2026-11-23", "0+120 3/28 week -1 wday 0 1:00, 10/31 week -1 wday 0 3:00"},
		{"minutes", "Pacific/Chatham", "2026-11-23", "765+60 9/26 week -1 wday 0 2:45, 4/4 week 1 wday 0 3:45"},
		{"negative DST", "Europe/Dublin", "2026-11-23", "0+60 3/28 week -1 wday 0 1:00, 10/31 week -1 wday 0 2:00"},
		{"before Ramadan", "Africa/Casablanca", "2026-11-23", "0+60 3/14 week 2 wday 0 2:00, 2/7 week 1 wday 0 3:00"},
		{"in Ramadan", "Africa/Casablanca", "2027-02-20", "0+60 3/14 week 2 wday 0 2:00, 1/23 week 4 wday 0 3:00"},
		{"the fourth, which may be the last", "Asia/Jerusalem", "2026-11-23", "120+60 3/26 week 4 wday 5 2:00, 10/31 week -1 wday 0 2:00"},
		{"none", "Asia/Kolkata", "2026-11-23", "330"},
		{"none any more", "America/Sao_Paulo", "2026-11-23", "-180"},
		{"the last summer", "America/Sao_Paulo", "2018-12-01", "-180+60 11/4 week 1 wday 0 0:00, 2/17 week 3 wday 0 0:00"},
		{"one change, and nothing after it", "Asia/Almaty", "2024-01-15", "360"},
		{"POSIX", "CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-23", "60+60 3/28 week -1 wday 0 2:00, 10/31 week -1 wday 0 3:00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			loc, ok := Loader{}.Load(row.zone)
			if !ok {
				t.Fatal("no such zone")
			}
			now, err := time.Parse(time.DateOnly, row.now)
			if err != nil {
				t.Fatal(err)
			}
			r := RuleAt(loc, now)
			got := strconv.Itoa(r.Offset / 60)
			if r.Save != 0 {
				got += "+" + strconv.Itoa(r.Save/60) + " " + r.Start.text() + ", " + r.End.text()
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func (w WallClock) text() string {
	return fmt.Sprintf("%d/%d week %d wday %d %d:%02d", w.Month, w.MDay, w.Week, w.WDay, w.Hour, w.Minute)
}
