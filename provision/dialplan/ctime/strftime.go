package ctime

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timeFormat writes a time as glibc's strftime does in the C locale, with Asterisk's %q for fractions of a second.
type timeFormat struct {
	at     time.Time
	micros int            // after the seconds; negative before 1970
	server *time.Location // the zone that Asterisk runs in: it uses that one for %s and %Z
	out    []byte
}

// Format writes a time by a format. micros are the microseconds after its seconds, negative before 1970. server is the
// zone that Asterisk runs in. Format calls step after each conversion with the length so far, and returns step's error.
func Format(at time.Time, micros int, server *time.Location, format string, step func(length int) error) (string, error) {
	f := timeFormat{at: at, micros: micros, server: server}
	for format = f.fractions(format); format != ""; {
		format = f.next(format)
		if err := step(len(f.out)); err != nil {
			return "", err
		}
	}
	return string(f.out), nil
}

// conversion is one % of a format.
type conversion struct {
	text     string // as written
	pad      byte   // '_' '-' '0' or 0
	upper    bool   // ^
	swap     bool   // #
	width    int
	modifier byte // 'E' 'O' or 0
	verb     byte
}

// maxWidth bounds the width of a conversion. In glibc it is an int.
const maxWidth = 4096

// next writes the text up to the first conversion, and the conversion. It returns the rest of the format.
func (f *timeFormat) next(format string) string {
	at := strings.IndexByte(format, '%')
	if at < 0 {
		f.out = append(f.out, format...)
		return ""
	}
	f.out = append(f.out, format[:at]...)
	format = format[at:]
	c := parseConversion(format)
	f.write(c)
	return format[len(c.text):]
}

// fractions replaces %q (milliseconds) and %1q to %6q. Asterisk replaces them first, even after a percent sign: the
// digits of %%q become a width.
func (f *timeFormat) fractions(format string) string {
	return fractionPattern.ReplaceAllStringFunc(format, func(s string) string {
		digits, value := 3, f.micros
		if len(s) == len("%1q") {
			digits = int(s[1] - '0')
		}
		for range 6 - digits {
			value /= 10
		}
		return fmt.Sprintf("%0*d", digits, value)
	})
}

var fractionPattern = regexp.MustCompile(`%[1-6]?q`)

// parseConversion reads `%[flags][width][E|O]verb`.
func parseConversion(s string) conversion {
	c := conversion{}
	i := 1
	for ; i < len(s); i++ {
		switch s[i] {
		case '_', '-', '0':
			c.pad = s[i]
			continue
		case '^':
			c.upper = true
			continue
		case '#':
			c.swap = true
			continue
		}
		break
	}
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		c.width = min(maxWidth, c.width*10+int(s[i]-'0'))
	}
	if i+1 < len(s) && (s[i] == 'E' || s[i] == 'O') {
		c.modifier = s[i]
		i++
	}
	if i < len(s) {
		c.verb = s[i]
		i++
	}
	c.text = s[:i]
	return c
}

// Verbs that must not have the modifier. With other verbs it has no effect.
const (
	notWithE = "aAbBdDeFgGhHIjklmMSUVwW"
	notWithO = "aAcDFxXY"
)

// known reports whether there is such a conversion.
func (c conversion) known() bool {
	switch c.modifier {
	case 'E':
		return strings.IndexByte(notWithE, c.verb) < 0
	case 'O':
		return strings.IndexByte(notWithO, c.verb) < 0
	}
	return true
}

// write writes one conversion. It writes an unknown one as it stands in the format.
func (f *timeFormat) write(c conversion) {
	n, width, pad, ok := f.numeric(c.verb)
	switch {
	case !c.known():
		f.unknown(c)
		return
	case ok:
		f.number(c, n, width, pad)
		return
	case c.verb == 'z':
		f.offset(c)
		return
	}
	text, ok := f.text(c.verb)
	switch {
	case !ok:
		f.unknown(c)
		return
	case c.swap && (c.verb == 'p' || c.verb == 'Z'):
		text = strings.ToLower(text)
	case c.verb == 'P':
	case c.upper || c.swap && strings.IndexByte("aAbBh", c.verb) >= 0:
		text = strings.ToUpper(text)
	}
	f.fill(c.filler(), c.width-len(text))
	f.out = append(f.out, text...)
}

// filler returns the character that pads a text.
func (c conversion) filler() byte {
	if c.pad == '0' {
		return '0'
	}
	return ' '
}

func (f *timeFormat) unknown(c conversion) {
	text := c.text
	if c.upper {
		text = upperASCII(text)
	}
	f.fill(c.filler(), c.width-len(text))
	f.out = append(f.out, text...)
}

// offset writes %z. A width pads it twice: before the sign and after it.
func (f *timeFormat) offset(c conversion) {
	_, seconds := f.at.Zone()
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	f.fill(c.filler(), c.width-1)
	f.out = append(f.out, sign)
	digits := strconv.Itoa(seconds/3600*100 + seconds/60%60)
	pad := byte('0')
	if c.pad == '_' || c.pad == '-' {
		pad = ' '
	}
	width := c.width
	if c.pad != '-' {
		width = max(4, width)
	}
	f.fill(pad, width-len(digits))
	f.out = append(f.out, digits...)
}

func (f *timeFormat) fill(c byte, n int) {
	if n > 0 {
		f.out = append(f.out, bytes.Repeat([]byte{c}, n)...)
	}
}

// number writes n with at least width digits.
func (f *timeFormat) number(c conversion, n int64, width int, pad byte) {
	switch c.pad {
	case '_':
		pad = ' '
	case '-':
		pad, width = ' ', 0
	case '0':
		pad = '0'
	}
	if c.width > 0 {
		width = c.width
	}
	digits := strconv.FormatInt(n, 10)
	if n < 0 && pad == '0' {
		f.out = append(f.out, '-')
		digits, width = digits[1:], width-1
	}
	f.fill(pad, width-len(digits))
	f.out = append(f.out, digits...)
}

// numeric returns the number of a verb, its width and its padding. ok is false for other verbs.
func (f *timeFormat) numeric(verb byte) (n int64, width int, pad byte, ok bool) {
	t := f.at
	value := 0
	width, pad = 2, '0'
	switch verb {
	case 'd':
		value = t.Day()
	case 'e':
		value, pad = t.Day(), ' '
	case 'H':
		value = t.Hour()
	case 'k':
		value, pad = t.Hour(), ' '
	case 'I':
		value = (t.Hour()+11)%12 + 1
	case 'l':
		value, pad = (t.Hour()+11)%12+1, ' '
	case 'M':
		value = t.Minute()
	case 'S':
		value = t.Second()
	case 'm':
		value = int(t.Month())
	case 'j':
		value, width = t.YearDay(), 3
	case 'y':
		value = inCentury(t.Year())
	case 'C':
		value, width = (t.Year()-inCentury(t.Year()))/100, 1
	case 'Y':
		value, width = t.Year(), 1
	case 'u':
		value, width = (int(t.Weekday())+6)%7+1, 1
	case 'w':
		value, width = int(t.Weekday()), 1
	case 'U':
		value = (t.YearDay() + 6 - int(t.Weekday())) / 7
	case 'W':
		value = (t.YearDay() + 6 - (int(t.Weekday())+6)%7) / 7
	case 'V':
		_, value = t.ISOWeek()
	case 'G':
		value, _ = t.ISOWeek()
		width = 1
	case 'g':
		value, _ = t.ISOWeek()
		value = inCentury(value)
	default:
		return 0, 0, 0, false
	}
	return int64(value), width, pad, true
}

// inCentury returns the last two digits of a year. They count up, even in years before 1.
func inCentury(year int) int { return (year%100 + 100) % 100 }

// serverEpoch returns %s. Asterisk lets C's mktime read the broken-down time as a time of the zone that Asterisk runs
// in, so in another zone the result is wrong by the difference. The broken-down time says whether it is daylight saving
// time, and mktime believes that.
func (f *timeFormat) serverEpoch() int64 {
	t := f.at
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC).Unix()
	at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, f.server)
	if at.IsDST() == t.IsDST() {
		return at.Unix()
	}
	if offset, ok := offsetOf(at, t.IsDST()); ok {
		return wall - offset
	}
	if !t.IsDST() {
		return at.Unix()
	}
	return at.Unix() - 3600 // mktime takes daylight saving time in a zone without it for an hour ahead
}

// How far away mktime looks for a time with, or without, daylight saving time, in seconds.
const (
	offsetStride = 601_200
	offsetBound  = 536_454_000
)

// offsetOf returns the zone's offset at the nearest time with, or without, daylight saving time.
func offsetOf(at time.Time, dst bool) (seconds int64, ok bool) {
	for delta := int64(offsetStride); delta < offsetBound; delta += offsetStride {
		for _, away := range [...]int64{-delta, delta} {
			if other := time.Unix(at.Unix()+away, 0).In(at.Location()); other.IsDST() == dst {
				_, offset := other.Zone()
				return int64(offset), true
			}
		}
	}
	return 0, false
}

// text returns the value of a verb that is not a number.
func (f *timeFormat) text(verb byte) (string, bool) {
	switch verb {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'P':
		return strings.ToLower(f.at.Format("PM")), true
	case 'Z':
		// as with %s, it is the zone that Asterisk runs in
		return f.at.In(f.server).Format("MST"), true
	case 's':
		return strconv.FormatInt(f.serverEpoch(), 10), true
	case 'c':
		return f.at.Format("Mon Jan _2 15:04:05 ") + strconv.Itoa(f.at.Year()), true
	case 'D', 'x':
		return fmt.Sprintf("%s%02d", f.at.Format("01/02/"), inCentury(f.at.Year())), true
	case 'F':
		return strconv.Itoa(f.at.Year()) + f.at.Format("-01-02"), true
	}
	layout, ok := layouts[verb]
	return f.at.Format(layout), ok
}

// layouts are the verbs that package time's formatting answers.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'p': "PM",
	'X': "15:04:05", 'r': "03:04:05 PM", 'R': "15:04", 'T': "15:04:05",
}

// upperASCII makes ASCII letters upper case. Other bytes stay, those of UTF-8 too.
func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
