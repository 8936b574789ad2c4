package dialplan

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timeFormat writes a time as glibc's strftime does in the C locale, with
// Asterisk's %q for fractions of a second.
type timeFormat struct {
	at     time.Time
	server *time.Location // Asterisk leaves %s and %Z to the zone it runs in
	out    []byte
}

// conversion is one % of a format.
type conversion struct {
	text  string // as written
	pad   byte   // '_' '-' '0' or 0
	upper bool   // ^
	swap  bool   // #
	width int
	verb  byte
}

// maxWidth bounds a conversion's width: glibc's is an int.
const maxWidth = 4096

// next writes up to and with the first conversion and returns the rest.
func (f *timeFormat) next(format string) string {
	at := strings.IndexByte(format, '%')
	if at < 0 {
		f.out = append(f.out, format...)
		return ""
	}
	f.out = append(f.out, format[:at]...)
	format = format[at:]
	if n := f.fraction(format); n > 0 {
		return format[n:]
	}
	c := parseConversion(format)
	f.write(c)
	return format[len(c.text):]
}

// fraction writes %q (milliseconds) or %1q to %6q and returns its length, or 0.
func (f *timeFormat) fraction(s string) int {
	n, digits := 2, 3
	if len(s) > 2 && s[1] >= '1' && s[1] <= '6' {
		n, digits = 3, int(s[1]-'0')
	}
	if len(s) < n || s[n-1] != 'q' {
		return 0
	}
	micros := fmt.Sprintf("%06d", f.at.Nanosecond()/1000)
	f.out = append(f.out, micros[:digits]...)
	return n
}

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
		case '+':
			c.pad = '+'
			continue
		}
		break
	}
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		c.width = min(maxWidth, c.width*10+int(s[i]-'0'))
	}
	if i+1 < len(s) && (s[i] == 'E' || s[i] == 'O') {
		i++
	}
	if i < len(s) {
		c.verb = s[i]
		i++
	}
	c.text = s[:i]
	return c
}

// write writes one conversion; an unknown one is written as it is.
func (f *timeFormat) write(c conversion) {
	if n, width, pad, ok := f.numeric(c.verb); ok {
		f.number(c, n, width, pad)
		return
	}
	text, ok := f.text(c.verb)
	switch {
	case !ok:
		text = c.text
	case c.swap && (c.verb == 'p' || c.verb == 'Z'):
		text = strings.ToLower(text)
	case c.upper || c.swap && strings.IndexByte("aAbBh", c.verb) >= 0:
		text = strings.ToUpper(text)
	}
	fill := byte(' ')
	if c.pad == '0' || c.pad == '+' {
		fill = '0'
	}
	if c.pad != '-' {
		f.fill(fill, c.width-len(text))
	}
	f.out = append(f.out, text...)
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
	case '0', '+':
		pad = '0'
	}
	if c.width > 0 {
		width = c.width
	}
	digits := strconv.FormatInt(n, 10)
	if c.pad == '-' {
		width = 0
	}
	if n < 0 && pad == '0' {
		f.out = append(f.out, '-')
		digits, width = digits[1:], width-1
	}
	f.fill(pad, width-len(digits))
	f.out = append(f.out, digits...)
}

// numeric is the value of a verb that is a number, its width and its padding.
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
		value = (t.Year()%100 + 100) % 100
	case 'C':
		value = t.Year() / 100
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
		value = (value%100 + 100) % 100
	case 's':
		return f.serverEpoch(), 1, '0', true
	default:
		return 0, 0, 0, false
	}
	return int64(value), width, pad, true
}

// serverEpoch is %s: Asterisk takes the broken-down time for one of the zone that
// it runs in, so in another zone it is off by the difference.
func (f *timeFormat) serverEpoch() int64 {
	t := f.at
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, f.server).Unix()
}

// text is the value of the other verbs.
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
		// The name is that of the zone Asterisk runs in, like %s.
		return f.at.In(f.server).Format("MST"), true
	}
	layout, ok := layouts[verb]
	return f.at.Format(layout), ok
}

// layouts are the verbs that Go's own formatting answers.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'p': "PM", 'z': "-0700",
	'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'r': "03:04:05 PM",
	'D': "01/02/06", 'F': "2006-01-02", 'R': "15:04", 'T': "15:04:05",
}
