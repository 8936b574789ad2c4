// Package zone knows time zones as phones need them.
//
// Load finds a zone by its name, or parses a POSIX TZ string, as Asterisk does. RuleAt returns the zone's daylight
// saving rule in a form that a phone can repeat each year. Vars returns Asterisk's variables TZOFFSET and DST_*. POSIX
// writes the zone as a POSIX TZ string. Windows returns Windows' name of it.
//
// All functions are pure except Load, which reads the time-zone database.
package zone
