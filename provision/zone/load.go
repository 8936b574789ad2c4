package zone

import (
	"path"
	"reflect"
	"strings"
	"time"
)

// zoneDir is where Asterisk finds its zones: a name may have it in front.
const zoneDir = "/usr/share/zoneinfo/"

// Load finds a zone by its name in the time zone database, or makes it of a
// POSIX TZ string such as CET-1CEST. A name may be the path of the zone's file, or
// one that leads to it from the database's directory; behind a colon there can only
// be such a name.
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

// zoneOfFile is the name of a zone whose file is named in another way. A name that
// leads out of the database's directory, or to no file, is of no zone.
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

// Loader loads each time zone once. It is used by one goroutine.
type Loader map[string]*time.Location

// Load finds a zone of the time-zone database, or one that is written as a POSIX TZ string.
func (z Loader) Load(name string) (*time.Location, bool) {
	loc, known := z[name]
	if !known {
		loc, _ = Load(name)
		z[name] = loc
	}
	return loc, loc != nil
}

// Unchanged says whether the time-zone database has them still as they were loaded.
func (z Loader) Unchanged() bool {
	for name, loc := range z {
		if now, _ := Load(name); !reflect.DeepEqual(now, loc) {
			return false
		}
	}
	return true
}
