package dialplan

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"
)

// strftime is STRFTIME([epoch[,zone[,format]]]).
func strftime(_ context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	server, zone := c.zones(arg(parts, 1))
	format := "%c"
	if len(parts) == 3 {
		format = parts[2]
	}
	at, ok := parseEpoch(arg(parts, 0))
	if !ok {
		at = c.Env.now()
	}
	f := timeFormat{at: at.In(zone), server: server}
	for format != "" {
		format = f.next(format)
		if len(f.out) > c.ex.run.Output {
			return "", ErrTooLong
		}
	}
	return string(f.out), nil
}

// parseEpoch reads seconds as C's strtod does, 1e9 and 0x10 too; what follows the
// number is ignored.
func parseEpoch(s string) (time.Time, bool) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	end := len(s)
	for ; end > 0; end-- {
		if strings.IndexByte("0123456789abcdefABCDEFxX.", s[end-1]) >= 0 {
			if sec, ok := parseSeconds(s[:end]); ok {
				whole, fraction := math.Modf(sec)
				return time.Unix(int64(whole), int64(math.Abs(fraction)*1e6)*1000), true
			}
		}
	}
	return time.Time{}, false
}

func parseSeconds(s string) (float64, bool) {
	if len(s) > 64 {
		return 0, false
	}
	unsigned := strings.TrimLeft(s, "+-")
	if strings.HasPrefix(strings.ToLower(unsigned), "0x") && !strings.ContainsAny(s, "pP") {
		s += "p0"
	}
	sec, err := strconv.ParseFloat(s, 64)
	return sec, err == nil && math.Abs(sec) < 1<<55
}

// zones are the server's time zone and the one of a name: where there is none the
// server's, and UTC where there is none such.
func (c *Call) zones(name string) (server, zone *time.Location) {
	server = c.Env.Zone
	if server == nil {
		server = time.UTC
	}
	if name == "" {
		return server, server
	}
	zone, ok := c.Env.loadZone(name)
	if !ok {
		c.fault("unknown time zone")
		zone = time.UTC
	}
	return server, zone
}

// zoneDir is where Asterisk finds its zones: a name may have it in front.
const zoneDir = "/usr/share/zoneinfo/"

// now is the time, for a value that is made of it.
func (e *Env) now() time.Time {
	e.changing()
	return e.Now
}

func (e *Env) changing() {
	if e.Changing != nil {
		e.Changing()
	}
}

func (e *Env) loadZone(name string) (*time.Location, bool) {
	if e.LoadZone != nil {
		return e.LoadZone(name)
	}
	return LoadZone(name)
}

// LoadZone finds a zone by its name in the time zone database, or makes it of a
// POSIX TZ string such as CET-1CEST.
func LoadZone(name string) (*time.Location, bool) {
	name = strings.TrimPrefix(name, zoneDir)
	if name == "" || name == "Local" {
		return nil, false
	}
	if zone, err := time.LoadLocation(name); err == nil {
		return zone, true
	}
	return posixZone(name)
}

// posixZone wraps a POSIX TZ string in an empty zone file, whose last line it is.
func posixZone(tz string) (*time.Location, bool) {
	if len(tz) > 100 || strings.IndexByte(tz, '\n') >= 0 || !strings.ContainsAny(tz, "0123456789") {
		return nil, false
	}
	// One type (offset 0, no daylight saving, abbreviation 0) and nothing else.
	const header = "TZif2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04" +
		"\x00\x00\x00\x00\x00\x00UTC\x00"
	zone, err := time.LoadLocationFromTZData(tz, []byte(header+header+"\n"+tz+"\n"))
	return zone, err == nil
}
