package zone

import (
	"strconv"
	"time"
)

// Vars returns the variables of a time zone at a time, by name. TZOFFSET is the offset of standard time in seconds east
// of Greenwich. If there is no change to or from daylight saving time before now or after now, there is only TZOFFSET.
//
// DST_START_* and DST_END_* are the two changes around now, so they may be in different years. As in Asterisk, the hour
// is what the clock shows after the change: 3 and 1 in the United States.
func Vars(loc *time.Location, now time.Time) map[string]string {
	now = now.In(loc)
	before, after, ok := changes(now)
	standard := now
	if now.IsDST() && ok {
		standard = before.Add(-time.Second)
	}
	_, offset := standard.Zone()
	vars := map[string]string{"TZOFFSET": strconv.Itoa(offset)}
	if !ok {
		return vars
	}
	start, end := after, before
	if now.IsDST() {
		start, end = before, after
	}
	vars["DST_ENABLE"] = "1"
	for prefix, t := range map[string]time.Time{"DST_START_": start, "DST_END_": end} {
		vars[prefix+"MONTH"] = strconv.Itoa(int(t.Month()))
		vars[prefix+"MDAY"] = strconv.Itoa(t.Day())
		vars[prefix+"HOUR"] = strconv.Itoa(t.Hour())
	}
	return vars
}

// maxTransitions bounds the search for a change to or from daylight saving time. Zones also have transitions that
// change only the standard offset or the abbreviation, a few in a row.
const maxTransitions = 8

// changes returns the moment of the last change between standard and daylight saving time, and of the next one. ok
// reports whether there are both.
func changes(now time.Time) (before, after time.Time, ok bool) {
	dst := now.IsDST()
	t := now
	for range maxTransitions {
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			return before, after, false
		}
		t = start.Add(-time.Second)
		if t.IsDST() != dst {
			before = start
			break
		}
	}
	t = now
	for range maxTransitions {
		end := zoneEnd(t)
		if end.IsZero() {
			return before, after, false
		}
		t = end
		if t.IsDST() != dst {
			after = end
			break
		}
	}
	return before, after, !before.IsZero() && !after.IsZero()
}

// zoneEnd returns the end of the period around t in which a zone stays as it is; zero: for ever. On the last day of a
// leap year package time returns a moment before t for a rule that goes on for ever. Then zoneEnd returns the next day.
func zoneEnd(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		return t.AddDate(0, 0, 1)
	}
	return end
}
