package zone

import (
	"path"
	"reflect"
	"strings"
	"time"
)

// zoneDir is the directory of Asterisk's zones. A name may begin with it.
const zoneDir = "/usr/share/zoneinfo/"

// Load finds a zone by its name in the time-zone database, or makes it of a POSIX TZ string such as CET-1CEST. A name
// may also be the path of the zone's file, absolute or relative to the database's directory. After a colon only such a
// name is allowed.
func Load(name string) (*time.Location, bool) {
	file, colon := strings.CutPrefix(name, ":")
	if zone, err := time.LoadLocation(zoneOfFile(file)); err == nil {
		return zone, true
	}
	if colon {
		return nil, false
	}
	return parsePOSIX(name)
}

// zoneOfFile returns the name of the zone in a file. For a path that leads out of the database's directory, or that can
// be no file, it returns a name that no zone has.
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

// Loader loads each time zone once. One goroutine uses it.
type Loader map[string]*time.Location

// Load is the function Load, with the result remembered.
func (z Loader) Load(name string) (*time.Location, bool) {
	loc, known := z[name]
	if !known {
		loc, _ = Load(name)
		z[name] = loc
	}
	return loc, loc != nil
}

// Unchanged reports whether all zones are in the time-zone database as they were loaded.
func (z Loader) Unchanged() bool {
	for name, loc := range z {
		if now, _ := Load(name); !reflect.DeepEqual(now, loc) {
			return false
		}
	}
	return true
}
