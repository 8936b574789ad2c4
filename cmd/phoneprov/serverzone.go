package main

import (
	"path/filepath"
	"strings"
	"time"
)

// localtime is where a machine says what its time zone is.
const localtime = "/etc/localtime"

// serverZone is the zone that the machine is in, by its name in the time-zone database where it can be had: it is what
// ${PP_TZ_WINDOWS} goes by.
func serverZone() *time.Location { return namedZone(time.Local, localtime) }

// namedZone gives a local zone the name that a link to its file shows.
func namedZone(local *time.Location, link string) *time.Location {
	if local.String() != "Local" { // TZ names it
		return local
	}
	file, err := filepath.EvalSymlinks(link)
	if err != nil {
		return local
	}
	if _, name, ok := strings.Cut(filepath.ToSlash(file), "/zoneinfo/"); ok {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	return local
}
