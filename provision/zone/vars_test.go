package zone

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// testNow is in winter north of the equator, in summer south of it.
var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestZoneVars(t *testing.T) {
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name, zone string
		now        time.Time
		want       string
	}{
		{"UTC", "UTC", testNow, "TZOFFSET=0"},
		{"no daylight saving", "Asia/Kolkata", testNow, "TZOFFSET=19800"},
		{"none any more", "America/Sao_Paulo", testNow, "TZOFFSET=-10800"},
		{"north, winter", "Europe/Vienna", testNow, "DST_ENABLE=1 DST_END_HOUR=2 DST_END_MDAY=25 DST_END_MONTH=10 DST_START_HOUR=3 DST_START_MDAY=28 DST_START_MONTH=3 TZOFFSET=3600"},
		{"north, summer", "Europe/Vienna", summer, "DST_ENABLE=1 DST_END_HOUR=2 DST_END_MDAY=25 DST_END_MONTH=10 DST_START_HOUR=3 DST_START_MDAY=29 DST_START_MONTH=3 TZOFFSET=3600"},
		{"United States: the hour after the change", "America/New_York", testNow, "DST_ENABLE=1 DST_END_HOUR=1 DST_END_MDAY=1 DST_END_MONTH=11 DST_START_HOUR=3 DST_START_MDAY=14 DST_START_MONTH=3 TZOFFSET=-18000"},
		{"south, summer", "Australia/Sydney", testNow, "DST_ENABLE=1 DST_END_HOUR=2 DST_END_MDAY=4 DST_END_MONTH=4 DST_START_HOUR=3 DST_START_MDAY=4 DST_START_MONTH=10 TZOFFSET=36000"},
		{"half an hour", "Australia/Lord_Howe", testNow, "DST_ENABLE=1 DST_END_HOUR=1 DST_END_MDAY=4 DST_END_MONTH=4 DST_START_HOUR=2 DST_START_MDAY=4 DST_START_MONTH=10 TZOFFSET=37800"},
	} {
		t.Run(row.name, func(t *testing.T) {
			loc, err := time.LoadLocation(row.zone)
			if err != nil {
				t.Fatal(err)
			}
			vars := Vars(loc, row.now)
			var got []string
			for _, name := range slices.Sorted(maps.Keys(vars)) {
				got = append(got, name+"="+vars[name])
			}
			if got := strings.Join(got, " "); got != row.want {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

// Package time's list of changes ends. Then a rule for all later years applies, and on the last day of a leap year it
// returns an end in the past. Go's own zones have such rules.
func TestZoneVarsInLeapYears(t *testing.T) {
	loc, err := time.LoadLocationFromTZData("America/New_York", everyZone(t)["America/New_York"])
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{time.Date(2028, 11, 23, 12, 0, 0, 0, time.UTC), time.Date(2028, 12, 31, 12, 0, 0, 0, time.UTC)} {
		vars := Vars(loc, now)
		if got := vars["DST_START_MONTH"] + "/" + vars["DST_START_MDAY"]; got != "3/11" {
			t.Errorf("at %v: got %q, want 3/11", now, got)
		}
	}
}

// A Loader is not Unchanged if the database has changed a zone, dropped one, or has a new one.
func TestZonesSame(t *testing.T) {
	z := Loader{}
	for _, name := range []string{"Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", "No/Such"} {
		z.Load(name)
	}
	if !z.Unchanged() {
		t.Error("zones are not what they were loaded as")
	}
	vienna, _ := Loader{}.Load("Europe/Vienna")
	for name, was := range map[string]*time.Location{"Europe/Berlin": vienna, "No/Such": vienna, "Europe/Paris": nil} {
		changed := maps.Clone(z)
		changed[name] = was
		if changed.Unchanged() {
			t.Errorf("%s is taken for what it was", name)
		}
	}
}
