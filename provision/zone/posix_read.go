package zone

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxZone bounds a TZ string in bytes. The longest of the database has 45.
const maxZone = 100

// zonePattern matches a POSIX TZ string as Asterisk reads it. A name may be missing. It may have any characters but digits,
// signs and commas, and no colon at its beginning.
//
//	zone = name offset [ name [ offset ] [ "," rule "," rule ] ]
var zonePattern = regexp.MustCompile(`^(?:` + zoneName + `)(` + zoneOffset + `)(?:(` + zoneName + `)(` + zoneOffset + `)?(,` + zoneRule + `,` + zoneRule + `)?)?$`)

const (
	zoneName   = `<[^>]*>|[^<:0-9,+-][^0-9,+-]*|`
	zoneOffset = `[+-]?[0-9]+(?::[0-9]+){0,2}`
	zoneRule   = `(?:J[0-9]+|[0-9]+|M[0-9]+\.[0-9]+\.[0-9]+)(?:/[0-9]+(?::[0-9]+){0,2})?`
)

// parsePOSIX makes a zone of a POSIX TZ string. It ignores the names: STRFTIME writes the name of the server's zone.
func parsePOSIX(tz string) (*time.Location, bool) {
	m := zonePattern.FindStringSubmatch(tz)
	if len(tz) > maxZone || m == nil {
		return nil, false
	}
	offset, ok := zoneSeconds(m[1])
	saving := offset - 3600
	if m[3] != "" && ok {
		saving, ok = zoneSeconds(m[3])
	}
	rules := ruleTime.ReplaceAllStringFunc(m[4], func(s string) string {
		at, valid := zoneSeconds(s[1:])
		ok = ok && valid
		return "/" + posixClock(at)
	})
	switch {
	case !ok:
		return nil, false
	case strictZone.MatchString(tz) && !strings.Contains(tz, ":60"):
		return zoneOfRule(tz) // unchanged, because phones get this text
	case m[2] == "" && m[3] == "" && rules == "":
		return time.FixedZone(tz, -offset), true
	}
	return zoneOfRule("<+00>" + posixClock(offset) + "<+01>" + posixClock(saving) + rules)
}

// strictZone matches a string that follows POSIX. There a minute has no second 60 either.
var strictZone = regexp.MustCompile(`^` + strictName + `[0-9:+-]+(?:` + strictName + `[0-9:+,JM./-]*)?$`)

const strictName = `(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)`

// ruleTime matches the time of day in a rule.
var ruleTime = regexp.MustCompile(`/[0-9:]+`)

// zoneSeconds reads [+-]h[:mm[:ss]] and returns seconds west of Greenwich.
func zoneSeconds(s string) (int, bool) {
	var part [3]int
	for i, digits := range strings.Split(strings.TrimLeft(s, "+-"), ":") {
		var err error
		if part[i], err = strconv.Atoi(digits); err != nil {
			return 0, false // it has too many digits
		}
	}
	n := part[0]*3600 + part[1]*60 + part[2]
	if strings.HasPrefix(s, "-") {
		n = -n
	}
	return n, part[0] <= 167 && part[1] < 60 && part[2] <= 60
}

// posixClock writes seconds as [-]h:mm:ss.
func posixClock(seconds int) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
}

// zoneOfRule makes a zone of a TZ string: a zone file without transitions that has the string as its last line.
func zoneOfRule(tz string) (*time.Location, bool) {
	// The file has one type (offset 0, no daylight saving, abbreviation 0) and nothing else.
	const header = "TZif2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04" +
		"\x00\x00\x00\x00\x00\x00UTC\x00"
	zone, err := time.LoadLocationFromTZData(tz, []byte(header+header+"\n"+tz+"\n"))
	return zone, err == nil
}
