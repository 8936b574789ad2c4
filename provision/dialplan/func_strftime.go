package dialplan

import (
	"context"
	"math/big"
	"path"
	"regexp"
	"strings"
	"time"
)

// bytesOfVerb are what one conversion of a time or of SPRINTF counts for.
const bytesOfVerb = 256

// strftime is STRFTIME([epoch[,zone[,format]]]).
func strftime(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	server, zone := c.zones(arg(parts, 1))
	format := "%c"
	if len(parts) == 3 {
		format = parts[2]
	}
	whole, micros, ok := parseEpoch(arg(parts, 0))
	at := time.Unix(whole, 0)
	if !ok {
		at = c.Env.Now
		micros = at.Nanosecond() / 1000
	}
	f := timeFormat{at: at.In(zone), micros: micros, server: server}
	for format = f.fractions(format); format != ""; {
		format = f.next(format)
		if err := c.ex.run.spend(ctx, bytesOfVerb); err != nil {
			return "", err
		}
		if len(f.out) > c.ex.run.Output {
			return "", ErrTooLong
		}
	}
	return string(f.out), nil
}

// epochPattern is a number of C's scanf. What began as hexadecimal or as an exponent
// must be that: 0x and 1e are no numbers, while of 1x the 1 is.
var epochPattern = regexp.MustCompile(`^[ \t\n\v\f\r]*([+-]?(?i:` +
	`0x([0-9a-f]*\.?[0-9a-f]*)(?:p([+-]?[0-9]*))?|` +
	`(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e([+-]?[0-9]*))?))`)

// The first and the last second of which C knows the year.
const (
	firstSecond = -67768040609740800
	lastSecond  = 67767976233532799
)

// parseEpoch reads seconds as C does, 1e9 and 0x10 too; what follows the number is
// ignored. micros are those behind the whole seconds, with their sign.
func parseEpoch(s string) (whole int64, micros int, ok bool) {
	if len(s) > maxDigits {
		return 0, 0, false
	}
	m := epochPattern.FindStringSubmatchIndex(s)
	if m == nil || missing(s, m[4:6]) || missing(s, m[6:8]) || missing(s, m[8:10]) {
		return 0, 0, false
	}
	text := s[m[2]:m[3]]
	n, _, err := big.ParseFloat(text, 0, precision, big.ToNearestEven)
	if err != nil || n.Cmp(newNumber(firstSecond)) < 0 || n.Cmp(newNumber(lastSecond)) > 0 {
		return 0, 0, false
	}
	whole, _ = n.Int64()
	fraction := mul(sub(n, newNumber(whole)), newNumber(1e6))
	us, _ := fraction.Int64()
	return whole, int(us), true
}

// missing tells whether a group of the match has no digit.
func missing(s string, group []int) bool {
	return group[0] >= 0 && strings.Trim(s[group[0]:group[1]], "+-.") == ""
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

func (e *Env) loadZone(name string) (*time.Location, bool) {
	if e.LoadZone != nil {
		return e.LoadZone(name)
	}
	return LoadZone(name)
}

// LoadZone finds a zone by its name in the time zone database, or makes it of a
// POSIX TZ string such as CET-1CEST. A name may be the path of the zone's file, or
// one that leads to it from the database's directory; behind a colon there can only
// be such a name.
func LoadZone(name string) (*time.Location, bool) {
	file, colon := strings.CutPrefix(name, ":")
	if zone, err := time.LoadLocation(zoneOfFile(file)); err == nil {
		return zone, true
	}
	if colon {
		return nil, false
	}
	return posixZone(name)
}

// zoneOfFile is the name of a zone whose file is named in another way. A name that
// leads out of the database's directory, or to no file, is of no zone.
func zoneOfFile(file string) string {
	const none = "/"
	if file == "" || strings.HasSuffix(file, "/") {
		return none
	}
	if !path.IsAbs(file) {
		file = zoneDir + file
	}
	name, ok := strings.CutPrefix(path.Clean(file), zoneDir)
	if !ok || name == "Local" {
		return none
	}
	return name
}
