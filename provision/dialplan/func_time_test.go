package dialplan

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// at returns an Env for a moment by the server's clock, in Vienna.
func at(t *testing.T, s string) *Env {
	t.Helper()
	zone, ok := zone.Load("Europe/Vienna")
	if !ok {
		t.Fatal("no zone")
	}
	now, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return &Env{Now: now, Zone: zone}
}

func TestIfTime(t *testing.T) {
	const monday = "2026-03-02 09:30:59"
	tests := []struct {
		now, spec string
		want      bool
	}{
		{monday, "*,*,*,*", true},
		{monday, "09:30-09:30,*,*,*", true},
		{monday, "9:30", true},
		{monday, "09:31-10:00,*,*,*", false},
		{monday, "08:00-09:29,*,*,*", false},
		{"2026-03-02 00:00:00", "22:00-06:00,*,*,*", true},
		{"2026-03-02 06:00:59", "22:00-06:00,*,*,*", true},
		{"2026-03-02 06:01:00", "22:00-06:00,*,*,*", false},
		{"2026-03-02 21:59:59", "22:00-06:00,*,*,*", false},
		{"2026-03-02 12:30:00", "08:00-12:00&13:00-17:00,*,*,*", false},
		{"2026-03-02 13:00:00", "08:00-12:00&13:00-17:00,*,*,*", true},
		{monday, "*,mon,*,*", true},
		{monday, "*,MON-fri,*,*", true},
		{monday, "*,2,*,*", true},
		{monday, "*,tue-sun,*,*", false},
		{monday, "*,sat-mon,*,*", true},
		{monday, "*,sat&sun,*,*", false},
		{monday, "*,monday,*,*", false},
		{monday, "*,onm,*,*", false},
		{monday, "*,*,2,*", true},
		{monday, "*,*,3-1,*", false},
		{monday, "*,*,28-2,*", true},
		{monday, "*,*,*,mar", true},
		{monday, "*,*,*,3", true},
		{monday, "*,*,*,nov-mar", true},
		{monday, "*,*,*,apr-oct", false},
		{monday, "09:00-10:00,mon,2,apr", false},
		{monday, "08:30,mon,2,mar,UTC", true},
		{monday, "17:30|mon|2|mar|Asia/Tokyo", true},
		{monday, "08:30,*,*,*,Nope/Zone", true}, // an unknown zone is UTC
		{monday, "09:30,*,*,*,", true},
		{"2026-03-01 23:30:00", "*,mon,2,mar,Asia/Tokyo", true},
		{"2026-07-01 12:00:00", "10:00,*,*,*,UTC", true},
	}
	for _, tt := range tests {
		want := "no"
		if tt.want {
			want = "yes"
		}
		got, err := Parse("t", "${IFTIME("+tt.spec+"?yes:no)}").Expand(context.Background(), at(t, tt.now))
		if got != want || err != nil {
			t.Errorf("%s at %s: got %q, %v, want %q", tt.spec, tt.now, got, err, want)
		}
	}
}

// The rows of IFTIME hold at whatever time they are captured.
func TestIfTimeRowsHoldAlways(t *testing.T) {
	step := skips.Size(t, 719, 4_321)
	eachRow(t, "iftime.txt", rowFiles(t)["testdata/rows/iftime.txt"], func(t *testing.T, r row) row {
		template := Parse("t", r.in)
		for minutes := 0; minutes < 366*24*60; minutes += step {
			env := rowEnv()
			env.Now = time.Date(2028, 1, 1, 0, minutes, 0, 0, time.UTC)
			if got, err := template.Expand(context.Background(), env); got != r.want || err != nil {
				t.Fatalf("%v: got %q, %v, want %q", env.Now, got, err, r.want)
			}
		}
		return r
	})
}

// ifTimeSpecs returns specifications around the current time.
func ifTimeSpecs(now time.Time) []string {
	var specs []string
	for _, from := range []int{-90, -1, 0, 1, 90} {
		for _, to := range []int{-89, -1, 0, 1, 91} {
			clock := func(minutes int) string { return now.Add(time.Duration(minutes) * time.Minute).Format("15:04") }
			weekday := func(days int) string { return now.AddDate(0, 0, days).Format("Mon") }
			month := func(months int) string { return time.Month((int(now.Month())-1+months+120)%12 + 1).String()[:3] }
			day := func(days int) int { return now.AddDate(0, 0, days%28).Day() }
			specs = append(specs,
				clock(from)+"-"+clock(to)+",*,*,*",
				"*,"+weekday(from)+"-"+weekday(to)+",*,*",
				fmt.Sprintf("*,*,%d-%d,*", day(from), day(to)),
				"*,*,*,"+month(from)+"-"+month(to),
				clock(from)+",*,*,*", "*,"+weekday(to)+",*,*", fmt.Sprintf("*,*,%d,*", day(to)), "*,*,*,"+month(to))
		}
	}
	for _, zone := range []string{"Asia/Tokyo", "America/New_York", "Asia/Kolkata", "JST-9", "Nope/Zone", ""} {
		specs = append(specs, now.Format("15:04")+",*,*,*,"+zone,
			now.Add(9*time.Hour).Format("15:04")+",*,*,*,"+zone)
	}
	return specs
}

// TestIfTimeAsterisk compares both branches with Asterisk, by Asterisk's own clock.
func TestIfTimeAsterisk(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := startOracle(t, suite)
			asked := 0
			for _, spec := range ifTimeSpecs(oracleNow(t, a)) {
				template := "${IFTIME(" + spec + "?yes:no)}"
				for {
					before := oracleNow(t, a)
					want := askOracle(t, a, template)
					if oracleNow(t, a).Minute() != before.Minute() {
						continue // the minute has changed in between
					}
					env := &Env{Now: before, Zone: time.UTC}
					if got, err := Parse("t", template).Expand(context.Background(), env); got != want || err != nil {
						t.Errorf("%s at %v: got %q, %v, Asterisk %q", spec, before, got, err, want)
					}
					asked++
					break
				}
			}
			if asked < 200 {
				t.Errorf("asked only %d", asked)
			}
		})
	}
}

// oracleNow returns the time by Asterisk's clock, which runs in UTC.
func oracleNow(t *testing.T, a *oracle.Asterisk) time.Time {
	t.Helper()
	now, _, ok := parseEpoch(askOracle(t, a, "${STRFTIME(,UTC,%s)}"))
	if !ok {
		t.Fatal("no time")
	}
	return time.Unix(now, 0).UTC()
}

// TestStrptimeAsterisk compares the hours that a clock skips or shows twice.
func TestStrptimeAsterisk(t *testing.T) {
	a := startOracle(t, oracle.Forky)
	asked := 0
	for _, name := range []string{"Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Europe/Dublin", "Africa/Casablanca", "Asia/Tehran"} {
		zone, ok := zone.Load(name)
		if !ok {
			t.Fatal(name)
		}
		change := time.Date(2004, 1, 1, 0, 0, 0, 0, zone)
		for range 12 {
			_, change = change.ZoneBounds()
			if change.IsZero() {
				break
			}
			for minutes := -150; minutes <= 150; minutes += 30 {
				template := "${STRPTIME(" + change.Add(time.Duration(minutes)*time.Minute).Format("2006-01-02 15:04:05") + "," + name + ",%F %T)}"
				for _, shifted := range []string{template, "${STRPTIME(" + change.UTC().Add(time.Duration(offsetBefore(change)+minutes*60)*time.Second).Format("2006-01-02 15:04:05") + "," + name + ",%F %T)}"} {
					want := askOracle(t, a, shifted)
					if got, err := Parse("t", shifted).Expand(context.Background(), &Env{}); got != want || err != nil {
						t.Errorf("%s: got %q, %v, Asterisk %q", shifted, got, err, want)
					}
					asked++
				}
			}
		}
	}
	if asked < 1000 {
		t.Errorf("asked only %d", asked)
	}
}

// offsetBefore returns the zone's offset before a change, so that the test finds the skipped hour.
func offsetBefore(change time.Time) int {
	_, offset := change.Add(-time.Second).Zone()
	return offset
}
