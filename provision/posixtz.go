package provision

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

// posixTZ is a zone as a POSIX TZ string: its footer, else one made of its rule.
func posixTZ(loc *time.Location, now time.Time, r zoneRule) string {
	if footer := zoneFooter(loc); footer != "" {
		return footer
	}
	name, _ := now.In(loc).Zone()
	return r.posixTZ(name)
}

// posixTZ makes the string; name is what the zone calls itself now.
func (r zoneRule) posixTZ(name string) string {
	if r.save == 0 {
		if len(name) < 3 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
			name = posixName(r.offset)
		}
		return name + posixOffset(r.offset)
	}
	summer := r.offset + r.save
	return posixName(r.offset) + posixOffset(r.offset) + posixName(summer) + posixOffset(summer) + "," + r.start.posix() + "," + r.end.posix()
}

// posixName names a zone by its offset.
func posixName(offset int) string {
	sign, h, m := hoursAndMinutes(offset)
	if m == 0 {
		return fmt.Sprintf("<%s%02d>", sign, h)
	}
	return fmt.Sprintf("<%s%02d%02d>", sign, h, m)
}

// posixOffset is an offset as POSIX has it: hours west of Greenwich.
func posixOffset(offset int) string {
	sign, h, m := hoursAndMinutes(-offset)
	text := strings.TrimPrefix(fmt.Sprintf("%s%d", sign, h), "+")
	if m != 0 {
		text += fmt.Sprintf(":%02d", m)
	}
	return text
}

// posix is a moment of a year as a rule Mm.w.d/time.
func (w wallClock) posix() string {
	week := w.week
	if week < 0 {
		week = 5
	}
	return fmt.Sprintf("M%d.%d.%d/%d:%02d", w.month, week, w.wday, w.hour, w.minute)
}

// hoursAndMinutes takes an offset in seconds apart.
func hoursAndMinutes(offset int) (sign string, hours, minutes int) {
	sign = "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	return sign, offset / 3600, offset / 60 % 60
}
