package zone

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// zoneFooter is the last line of a zone's file, the POSIX TZ string for all times after those that the file lists. The
// library keeps it and has no way to ask for it; the files themselves are not there in a container from scratch, and
// are not to be had where they are part of the program. Empty: there is none, as for UTC, or the library changed.
func zoneFooter(loc *time.Location) string {
	if name, _ := time.Unix(0, 0).In(loc).Zone(); name == "" { // asked first: the local zone is loaded at its first use
		return ""
	}
	if f := reflect.ValueOf(loc).Elem().FieldByName("extend"); f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

// POSIX is a zone as a POSIX TZ string: its footer, else one made of its rule.
func POSIX(loc *time.Location, now time.Time, r Rule) string {
	if footer := zoneFooter(loc); footer != "" {
		return footer
	}
	name, _ := now.In(loc).Zone()
	return r.posixTZ(name)
}

// posixTZ makes the string; name is what the zone calls itself now.
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

// posixName names a zone by its offset.
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

// posix is a moment of a year as a rule Mm.w.d/time.
func (w WallClock) posix() string {
	week := w.Week
	if week < 0 {
		week = 5
	}
	return fmt.Sprintf("M%d.%d.%d/%d:%02d", w.Month, week, w.WDay, w.Hour, w.Minute)
}

// HoursAndMinutes takes an offset in seconds apart.
func HoursAndMinutes(offset int) (sign string, hours, minutes int) {
	sign = "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	return sign, offset / 3600, offset / 60 % 60
}
