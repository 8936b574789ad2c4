package zone

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of these tests, on any machine
)

// footerOf returns the last line of a zone's file.
func footerOf(data []byte) string {
	data = bytes.TrimSuffix(data, []byte("\n"))
	return string(data[bytes.LastIndexByte(data, '\n')+1:])
}

// The footer is the one in the file, for every zone of Go's own database and of this machine's.
func TestZoneFooter(t *testing.T) {
	check := func(name string, data []byte) {
		loc, err := time.LoadLocationFromTZData(name, data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if got, want := POSIX(loc, testNow, RuleAt(loc, testNow)), footerOf(data); got != want || want == "" {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name, data := range everyZone(t) {
		check(name, data)
	}
	const dir = "/usr/share/zoneinfo"
	if _, err := os.Stat(dir); err != nil {
		return
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if e != nil && e.Name() == "right" { // zones with leap seconds, which have no footer
			return fs.SkipDir
		}
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err == nil && bytes.HasPrefix(data, []byte("TZif")) {
			check(path, data)
		}
		return nil // a link to a directory
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPOSIXTZ(t *testing.T) {
	posix, ok := Loader{}.Load("CET-1CEST")
	if !ok {
		t.Fatal("no such zone")
	}
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		loc  *time.Location
		want string
	}{
		{"UTC", time.UTC, "UTC0"},
		{"as it was written", posix, "CET-1CEST"},
		{"fixed, named", time.FixedZone("EST", -5*3600), "EST5"},
		{"fixed, nameless", time.FixedZone("", 5*3600+1800), "<+0530>-5:30"},
		{"fixed, west", time.FixedZone("-03", -3*3600), "<-03>3"},
		{"footer", vienna, "CET-1CEST,M3.5.0,M10.5.0/3"},
	} {
		if got := POSIX(row.loc, testNow, RuleAt(row.loc, testNow)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	// The string that is made of the rule if package time hides the footer.
	if got, want := RuleAt(vienna, testNow).posixTZ(""), "<+01>-1<+02>-2,M3.5.0/2:00,M10.5.0/3:00"; got != want {
		t.Errorf("by the rule: got %q, want %q", got, want)
	}
}

// ramadan are zones whose files list changes for decades. The footer holds only after the list, so it does not describe
// these years. All other lists end before the years 2030 to 2040.
var ramadan = map[string]bool{"Africa/Casablanca": true, "Africa/El_Aaiun": true, "Asia/Gaza": true, "Asia/Hebron": true}

// A phone with the string shows the same time as Go.
func TestPOSIXTZAgrees(t *testing.T) {
	n := 0
	for _, loc := range distinctZones(t) {
		p := readPOSIX(t, POSIX(loc, testNow, RuleAt(loc, testNow)))
		end := time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
		for at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).In(loc); at.Before(end) && !ramadan[loc.String()]; {
			c, ok := changeAfter(at)
			if !ok {
				c.at = end
			}
			for _, at := range []time.Time{at, c.at.Add(-time.Second)} {
				n++
				if _, want := at.Zone(); p.offsetAt(at) != want {
					t.Errorf("%v: %v: got %d, want %d", loc, at, p.offsetAt(at), want)
				}
			}
			at = c.at
		}
	}
	if n < 5000 {
		t.Errorf("only %d moments", n)
	}
}

// posixPhone is a POSIX TZ string, read by POSIX's rules and RFC 9636's for times beyond a day.
type posixPhone struct {
	standard, summer int // seconds
	start, end       string
}

func readPOSIX(t *testing.T, s string) posixPhone {
	t.Helper()
	head, rules, _ := strings.Cut(s, ",")
	name := func() {
		if strings.HasPrefix(head, "<") {
			head = head[strings.IndexByte(head, '>')+1:]
		} else {
			head = strings.TrimLeft(head, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
		}
	}
	offset := func() int {
		end := strings.IndexFunc(head, func(r rune) bool { return !strings.ContainsRune("+-:0123456789", r) })
		if end < 0 {
			end = len(head)
		}
		text := head[:end]
		head = head[end:]
		return -clockSeconds(t, text)
	}
	name()
	p := posixPhone{standard: offset()}
	p.summer = p.standard
	if head == "" {
		return p
	}
	name()
	p.summer = p.standard + 3600
	if head != "" {
		p.summer = offset()
	}
	p.start, p.end, _ = strings.Cut(rules, ",")
	return p
}

// clockSeconds reads [+-]h[:mm[:ss]].
func clockSeconds(t *testing.T, s string) int {
	t.Helper()
	digits, negative := strings.CutPrefix(s, "-")
	total := 0
	for i, part := range strings.Split(strings.TrimPrefix(digits, "+"), ":") {
		n, err := strconv.Atoi(part)
		if err != nil {
			t.Fatalf("%q is no time", s)
		}
		total += n * []int{3600, 60, 1}[i]
	}
	if negative {
		return -total
	}
	return total
}

func (p posixPhone) offsetAt(at time.Time) int {
	if p.start == "" {
		return p.standard
	}
	year := at.UTC().Add(time.Duration(p.standard) * time.Second).Year()
	start, end := posixMoment(year, p.start, p.standard), posixMoment(year, p.end, p.summer)
	if isSummer(at, start, end) {
		return p.summer
	}
	return p.standard
}

// posixMoment returns when Mm.w.d[/time] is in a year, by a clock with the offset.
func posixMoment(year int, rule string, offset int) time.Time {
	date, clock, _ := strings.Cut(strings.TrimPrefix(rule, "M"), "/")
	var n [3]int
	for i, part := range strings.SplitN(date, ".", 3) {
		n[i], _ = strconv.Atoi(part)
	}
	seconds := 2 * 3600
	if clock != "" {
		negative := strings.HasPrefix(clock, "-")
		seconds = 0
		for i, part := range strings.Split(strings.TrimPrefix(clock, "-"), ":") {
			v, _ := strconv.Atoi(part)
			seconds += v * []int{3600, 60, 1}[i]
		}
		if negative {
			seconds = -seconds
		}
	}
	day := time.Date(year, time.Month(n[0]), 1, 0, 0, 0, 0, time.UTC)
	day = day.AddDate(0, 0, (n[2]-int(day.Weekday())+7)%7+7*(n[1]-1))
	if day.Month() != time.Month(n[0]) {
		day = day.AddDate(0, 0, -7)
	}
	return day.Add(time.Duration(seconds-offset) * time.Second)
}

// Every zone of the database has a Windows name, except those that the CLDR does not name.
func TestWindowsZones(t *testing.T) {
	zones := everyZone(t)
	mapped := 0
	for name := range zones {
		if Windows(name) != "" {
			mapped++
		} else if name != "Factory" && name != "Antarctica/Troll" {
			t.Errorf("%s has no name", name)
		}
	}
	if mapped != len(zones)-2 {
		t.Errorf("%d of %d zones have a name", mapped, len(zones))
	}
	t.Logf("%d of %d zones", mapped, len(zones))
	for zone, want := range map[string]string{
		"Europe/Vienna": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time", "US/Eastern": "Eastern Standard Time",
		"Asia/Kolkata": "India Standard Time", "Asia/Calcutta": "India Standard Time", "Europe/Kyiv": "FLE Standard Time",
		"UTC": "UTC", "Etc/UTC": "UTC", "": "", "Nowhere": "", "CET-1CEST": "",
	} {
		if got := Windows(zone); got != want {
			t.Errorf("%q: got %q, want %q", zone, got, want)
		}
	}
}
