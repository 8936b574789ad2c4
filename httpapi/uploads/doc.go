// Package uploads keeps what phones send of themselves: logs, the settings that a user made at the phone, directories and
// lists of calls. It knows no HTTP and no policy; who may send and fetch is decided before.
//
//	dir/<mac>/<name>   mode 0600, written whole or not at all, never parsed
//
// A Store is bounded: by file, by phone and in all. Where a file does not fit, the oldest logs go: the phone's own for
// its quota, anybody's for that of all. What is no log is never thrown away, as it is a user's. A Store may be used by many goroutines,
// and is the only writer of its directory.
package uploads
