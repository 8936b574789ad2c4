package zone

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// zoneFooter returns the last line of a zone's file: the POSIX TZ string for all times after the file's last
// transition. Package time stores it without a way to ask for it, and the files may not exist: a container from scratch
// has none, and the zones may be compiled into the program. Empty: the zone has no footer, as UTC, or package time has
// changed.
func zoneFooter(loc *time.Location) string {
	if name, _ := time.Unix(0, 0).In(loc).Zone(); name == "" { // this loads the local zone, which is loaded at its first use
		return ""
	}
	if f := reflect.ValueOf(loc).Elem().FieldByName("extend"); f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

// POSIX returns a zone as a POSIX TZ string: its footer, or else a string made of its rule.
func POSIX(loc *time.Location, now time.Time, r Rule) string {
	if footer := zoneFooter(loc); footer != "" {
		return footer
	}
	name, _ := now.In(loc).Zone()
	return r.posixTZ(name)
}

// posixTZ makes a POSIX TZ string. name is the zone's current abbreviation.
func (r Rule) posixTZ(name string) string {
	if r.Save == 0 {
		if len(name) < 3 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
			name = posixName(r.Offset)
		}
		return name + posixOffset(r.Offset)
	}
	summer := r.Offset + r.Save
	return posixName(r.Offset) + posixOffset(r.Offset) + posixName(summer) + posixOffset(summer) + "," + r.Start.posix() + "," + r.End.posix()
}

// posixName returns a name that states the offset, such as <+0530>.
func posixName(offset int) string {
	sign, h, m := HoursAndMinutes(offset)
	if m == 0 {
		return fmt.Sprintf("<%s%02d>", sign, h)
	}
	return fmt.Sprintf("<%s%02d%02d>", sign, h, m)
}

// posixOffset writes an offset east of Greenwich as POSIX has it, hours and minutes west: 19800 is "-5:30".
func posixOffset(offset int) string {
	text := posixClock(-(offset / 60 * 60))
	return strings.TrimSuffix(strings.TrimSuffix(text, ":00"), ":00")
}

// posix writes a moment of the year as a rule Mm.w.d/time.
func (w WallClock) posix() string {
	week := w.Week
	if week < 0 {
		week = 5
	}
	return fmt.Sprintf("M%d.%d.%d/%d:%02d", w.Month, week, w.WDay, w.Hour, w.Minute)
}

// HoursAndMinutes splits an offset in seconds.
func HoursAndMinutes(offset int) (sign string, hours, minutes int) {
	sign = "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	return sign, offset / 3600, offset / 60 % 60
}
