package main

import (
	"path/filepath"
	"strings"
	"time"
)

// localtime is the file with the time zone of a machine.
const localtime = "/etc/localtime"

// serverZone returns the time zone of this machine, with its name in the time-zone database if that is known.
// ${PP_TZ_WINDOWS} needs the name.
func serverZone() *time.Location { return namedZone(time.Local, localtime) }

// namedZone returns a local zone with the name that the symbolic link to its file shows.
func namedZone(local *time.Location, link string) *time.Location {
	if local.String() != "Local" { // the environment variable TZ has named it
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
