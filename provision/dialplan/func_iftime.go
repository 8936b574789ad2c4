package dialplan

import (
	"context"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// ifTime is IFTIME(times[,weekdays[,mdays[,months[,zone]]]]?then[:else]). Quotes around a branch are removed, but a
// colon within them still ends it.
func ifTime(_ context.Context, c *Call) (string, error) {
	spec, branches, ok := strings.Cut(c.Args, "?")
	spec = strings.TrimLeftFunc(c.Plain(spec), isBlank)
	then, otherwise, _ := strings.Cut(branches, ":")
	then, otherwise = c.unquote(then), c.unquote(otherwise)
	switch {
	case !ok, spec == "", then == "" && otherwise == "":
		c.fault("want times,weekdays,mdays,months[,zone]?then:else")
		return "", nil
	case c.timeMatches(spec):
		return then, nil
	}
	return otherwise, nil
}

// unquote removes the blanks around a text, and then the quotes around it.
func (c *Call) unquote(s string) string {
	s = c.trim(s)
	if plain := c.Plain(s); strings.HasPrefix(plain, `"`) && strings.HasSuffix(plain, `"`) {
		return s[1:max(1, len(s)-1)]
	}
	return s
}

func isBlank(r rune) bool { return r <= ' ' }

// timeMatches reports whether a specification names the current time.
func (c *Call) timeMatches(spec string) bool {
	fields := strings.SplitN(strings.ReplaceAll(spec, "|", ","), ",", 5)
	_, zone := c.zones(arg(fields, 4))
	now := c.Env.Now.In(zone)
	return c.within(arg(fields, 0), now.Hour()*60+now.Minute(), clock, lastClock) &&
		c.within(arg(fields, 1), int(now.Weekday())+1, weekday, weekday) &&
		c.within(arg(fields, 2), now.Day(), monthDay, monthDay) &&
		c.within(arg(fields, 3), int(now.Month()), month, month)
}

// within reports whether n is in one of the ranges of a list such as mon-wed&sat. A range may wrap. Bad ranges are
// skipped.
func (c *Call) within(list string, n int, parse, parseLast func(string) (int, bool)) bool {
	if list == "" || list == "*" {
		return true
	}
	for item := range strings.SplitSeq(list, "&") {
		first, last, isRange := strings.Cut(item, "-")
		from, ok := parse(first)
		to, okTo := from, true
		if isRange {
			to, okTo = parseLast(last)
		}
		switch {
		case !ok || !okTo:
			c.fault("bad range of times, weekdays, days or months")
		case from <= to && from <= n && n <= to, from > to && (from <= n || n <= to):
			return true
		}
	}
	return false
}

// clock reads hours:minutes and returns minutes.
func clock(s string) (int, bool) {
	hour, rest, ok := cnum.ScanTwo(s)
	if !ok || !strings.HasPrefix(rest, ":") {
		return 0, false
	}
	minute, _, ok := cnum.ScanTwo(rest[1:])
	return hour*60 + minute, ok && hour >= 0 && hour < 24 && minute >= 0 && minute < 60
}

// lastClock reads the end of a range. It begins at the first digit.
func lastClock(s string) (int, bool) {
	return clock(strings.TrimLeftFunc(s, func(r rune) bool { return r < '0' || r > '9' }))
}

func weekday(s string) (int, bool) { return numbered(s, "sunmontuewedthufrisat", 7) }

func monthDay(s string) (int, bool) { return numbered(s, "", 31) }

func month(s string) (int, bool) { return numbered(s, "janfebmaraprmayjunjulaugsepoctnovdec", 12) }

// numbered reads one of the names, which have three letters, or a number from 1.
func numbered(s, names string, most int) (int, bool) {
	if len(s) == 3 {
		if at := strings.Index(names, strings.ToLower(s)); at >= 0 && at%3 == 0 {
			return at/3 + 1, true
		}
	}
	n, _, ok := cnum.ScanTwo(s)
	return n, ok && n >= 1 && n <= most
}

// testTime is TESTTIME. It can only be set, on a channel.
func testTime(_ context.Context, c *Call) (string, error) {
	c.fault("can only be set, not read")
	return "", nil
}
