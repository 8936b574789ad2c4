package ctime

import (
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// timeParser reads a time as glibc's strptime does in the C locale. What the format does not name stays 0. That
// includes the day of the month: 0 is the day before the first.
type timeParser struct {
	rest   string
	server *time.Location // %s is broken down in this zone, in which Asterisk runs

	year, month, day, yearDay, weekday int // year counts from 1900; month and yearDay from 0
	hour, minute, second               int
	century, week                      int // -1: not given
	weekFrom                           int // the first day of the week: 0 for %U, 1 for %W

	hasMonth, hasDay, hasYearDay, hasWeekday bool

	wantDate    bool // a year, a month or a day was given
	withCentury bool // year came from %y
	hour12, pm  bool
}

// Parse reads a time as strptime does. server is the zone that Asterisk runs in, for %s. The result is in UTC, and
// means the same clock time in whatever zone the caller chooses. Not ok: the text does not match the format.
func Parse(text, format string, server *time.Location) (wall time.Time, ok bool) {
	p := timeParser{rest: text, server: server, century: -1, week: -1}
	if !p.parse(format) {
		return time.Time{}, false
	}
	return p.date(), true
}

// parse reads the text by a format. A blank in the format matches any number of blanks.
func (p *timeParser) parse(format string) bool {
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case strings.IndexByte(cnum.Blanks, c) >= 0:
			p.blanks()
		case c != '%':
			if !p.literal(c) {
				return false
			}
		default:
			verb, n := timeVerb(format[i+1:])
			if !p.verb(verb) {
				return false
			}
			i += n
		}
	}
	return true
}

func (p *timeParser) blanks() { p.rest = strings.TrimLeft(p.rest, cnum.Blanks) }

func (p *timeParser) literal(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// timeVerb reads `[flags][width][E|O]verb`. n is its length. The verb is 0 if there is none, or none that allows the E
// or O.
func timeVerb(s string) (verb byte, n int) {
	rest := strings.TrimLeft(s, "-_0^#123456789")
	allowed := ""
	switch {
	case strings.HasPrefix(rest, "E"):
		allowed, rest = "cCyYxX", rest[1:]
	case strings.HasPrefix(rest, "O"):
		allowed, rest = "bBdeHImMSUVWwy", rest[1:]
	}
	if rest == "" || allowed != "" && strings.IndexByte(allowed, rest[0]) < 0 {
		return 0, 0
	}
	return rest[0], len(s) - len(rest) + 1
}

// number reads at most digits digits. It stops before the number exceeds most.
func (p *timeParser) number(least, most, digits int) (n int, ok bool) {
	s := strings.TrimLeft(p.rest, " ")
	i := 0
	for i < len(s) && i < digits && s[i] >= '0' && s[i] <= '9' && n*10 <= most {
		n = n*10 + int(s[i]-'0')
		i++
	}
	p.rest = s[i:]
	return n, i > 0 && n >= least && n <= most
}

// name reads one of the names: in full, or its first three letters.
func (p *timeParser) name(names []string) (at int, ok bool) {
	for i, name := range names {
		for _, n := range [...]int{len(name), 3} {
			if len(p.rest) >= n && strings.EqualFold(p.rest[:n], name[:n]) {
				p.rest = p.rest[n:]
				return i, true
			}
		}
	}
	return 0, false
}

var (
	weekdays = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	months   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
		"October", "November", "December"}
)

// timeFormats are the verbs that stand for a format.
var timeFormats = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'x': "%m/%d/%y", 'F': "%Y-%m-%d", 'R': "%H:%M",
	'r': "%I:%M:%S %p", 'T': "%H:%M:%S", 'X': "%H:%M:%S", 'n': " ", 't': " ",
}

// verb reads one conversion.
func (p *timeParser) verb(verb byte) (ok bool) {
	if format, known := timeFormats[verb]; known {
		return p.parse(format)
	}
	switch verb {
	case '%':
		return p.literal('%')
	case 'a', 'A':
		p.weekday, ok = p.name(weekdays)
		p.hasWeekday = true
	case 'b', 'B', 'h':
		p.month, ok = p.name(months)
		p.hasMonth, p.wantDate = true, true
	case 'p':
		return p.half()
	case 's':
		return p.epoch()
	case 'Z':
		p.blanks()
		p.rest = strings.TrimLeftFunc(p.rest, func(r rune) bool { return !strings.ContainsRune(cnum.Blanks, r) })
		return true
	case 'z':
		return p.offset()
	case 'G':
		rest := strings.TrimLeft(p.rest, "0123456789")
		ok = rest != p.rest
		p.rest = rest
	default:
		return p.numberVerb(verb)
	}
	return ok
}

// half reads AM or PM.
func (p *timeParser) half() bool {
	if len(p.rest) < 2 {
		return false
	}
	half := strings.ToUpper(p.rest[:2])
	p.rest = p.rest[2:]
	p.pm = half == "PM"
	return p.pm || half == "AM"
}
