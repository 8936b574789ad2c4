// Package uploads stores the files that phones upload: logs, the settings that a user made at the phone, directories and
// call lists. It knows neither HTTP nor who may upload.
//
//	dir/<mac>/<name>   mode 0600, written as a whole or not at all, never parsed
//
// A Store is bounded per file, per phone and in all. If a file does not fit, the oldest logs are removed: those of the phone
// for its own quota, those of any phone for the quota of all. Other files are never removed, because they belong to users.
// A Store may be used by many goroutines, and must be the only writer of its directory.
package uploads
