package zone

import (
	"fmt"
	"strings"
	"time"
)

// Rule is what a phone must know of a time zone so that its clock is right until the second of the zone's next two
// changes, as far as a rule without a year can say that. The larger of the two offsets is called summer time, even if
// the law calls the other one the exception (Ireland, and Morocco in Ramadan).
type Rule struct {
	Offset     int // of standard time, in seconds east of Greenwich
	Save       int // what summer time adds, in seconds; 0: the clock does not change, and Start and End are not set
	Start, End WallClock
}

// WallClock is a moment of the year as a clock shows it just before it is changed.
type WallClock struct {
	Month, MDay  int
	Week         int // 1 to 4: the month's first to fourth day of that weekday; -1: the last
	WDay         int // 0 is Sunday
	Hour, Minute int
}

// clockChange is a moment at which a zone's offset changes, for whatever reason.
type clockChange struct {
	at            time.Time
	before, after int // offsets in seconds east of Greenwich
}

// rulePeriod is how far away the second change may be, so that a rule without a year is not taken for this year's
// change: a year, and a week because the dates of a rule move.
const rulePeriod = (366 + 7) * 24 * time.Hour

// RuleAt returns the rule of a zone at a time. If there is no second change in the future, it uses the last one in the
// past. It ignores a change without a counterpart until it is over.
func RuleAt(loc *time.Location, now time.Time) Rule {
	now = now.In(loc)
	_, offset := now.Zone()
	next, ok := changeAfter(now)
	if !ok {
		return Rule{Offset: offset}
	}
	other, ok := changeAfter(next.at)
	if !ok || other.after != next.before || other.at.Sub(now) > rulePeriod {
		other, ok = changeBefore(now)
		if !ok || other.before != next.after || next.at.Sub(other.at) > rulePeriod {
			return Rule{Offset: offset}
		}
	}
	start, end := next, other
	if start.before > start.after {
		start, end = end, start
	}
	footer := zoneFooter(loc)
	return Rule{
		Offset: start.before, Save: start.after - start.before,
		Start: start.wall(footer), End: end.wall(footer),
	}
}

// RuleUntil returns the moment until which RuleAt returns the same rule; zero: for ever.
func RuleUntil(loc *time.Location, now time.Time) time.Time {
	now = now.In(loc)
	end := zoneEnd(now)
	if next, ok := changeAfter(now); ok {
		if other, ok := changeAfter(next.at); ok && other.at.Sub(now) > rulePeriod {
			return earlier(end, other.at.Add(-rulePeriod))
		}
	}
	return end
}

// earlier returns the earlier of two moments. A zero moment never comes.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// changeAfter returns the next change of the offset after t.
func changeAfter(t time.Time) (clockChange, bool) {
	_, before := t.Zone()
	for range maxTransitions {
		end := zoneEnd(t)
		if end.IsZero() {
			break
		}
		t = end
		if _, after := t.Zone(); after != before {
			return clockChange{t, before, after}, true
		}
	}
	return clockChange{}, false
}

// changeBefore returns the last change of the offset before t.
func changeBefore(t time.Time) (clockChange, bool) {
	_, after := t.Zone()
	for range maxTransitions {
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			break
		}
		t = start.Add(-time.Second)
		if _, before := t.Zone(); before != after {
			return clockChange{start, before, after}, true
		}
	}
	return clockChange{}, false
}

// wall returns the moment of the change as the clock shows it before it is changed.
func (c clockChange) wall(footer string) WallClock {
	t := c.at.In(time.FixedZone("", c.before))
	return WallClock{
		Month: int(t.Month()), MDay: t.Day(), Week: weekOf(t, footer), WDay: int(t.Weekday()),
		Hour: t.Hour(), Minute: t.Minute(),
	}
}

// weekOf returns which one of its month's days of that weekday t is. The fourth may also be the last: then the zone's
// rule decides, and without a rule it is the last.
func weekOf(t time.Time, footer string) int {
	week := (t.Day() + 6) / 7
	last := t.AddDate(0, 0, 7).Month() != t.Month()
	if last && week != footerWeek(footer, t.Month()) {
		return -1
	}
	return week
}

// footerWeek returns the week of a rule Mm.w.d in a zone's footer for a month; 0: there is none.
func footerWeek(footer string, month time.Month) int {
	_, rules, _ := strings.Cut(footer, ",")
	for rule := range strings.SplitSeq(rules, ",") {
		var m, week int
		if n, _ := fmt.Sscanf(rule, "M%d.%d.", &m, &week); n == 2 && m == int(month) && week < 5 {
			return week
		}
	}
	return 0
}
