// Package store saves a ledger on disk, in one bbolt file. A crash of the machine cannot leave the file half written.
//
// # The file
//
// The bucket meta has the version of the format. phones has a record for each phone. history has the last events of
// each phone. strangers and syncs hold what their names say. Records and events have a short binary form (codec.go),
// because there may be 100,000 phones: 250 bytes a record, 50 an event.
//
// texts has the files of each phone as it got them last, without secrets. Texts of the same template differ little, so a
// text is stored as a delta (delta.go) of another one, its base. bases has these, deflated. A text that has little in
// common with its base is deflated by itself; after some of them in a row the next text becomes a base. A file of an
// older phoneprov, which kept no texts, gets the two buckets when it is opened.
//
// # Faults
//
// Open renames a file that is no database, or has a broken page, to ledger.db.corrupt, begins an empty file and calls
// Options.Note. Open leaves the file of a newer phoneprov alone and returns an error. It also returns an error if it
// cannot write the directory. If Commit finds a broken page, it begins an empty file too and returns ledger.ErrLost.
//
// # Versions
//
// Open upgrades the file of an older phoneprov, and keeps the file of before as ledger.db.VERSION. States and kinds of
// events that a newer phoneprov appended are read as Unknown, or skipped; they are no damage.
//
// # Limits
//
// The file has at most maxFileSize bytes. If a commit needs more, Commit deletes the history and keeps the rest.
package store
