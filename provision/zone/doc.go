// Package zone knows time zones as phones need them.
//
// Load finds a zone by its name or makes it of a POSIX TZ string, as Asterisk does. RuleAt gives the zone's daylight
// saving rule as a phone can repeat it each year, Vars gives Asterisk's variables TZOFFSET and DST_*, POSIX writes the
// zone as a POSIX TZ string, and Windows gives Windows' name of it.
//
// All functions are pure but for the time-zone database, which Load reads.
package zone
