// Package store keeps a ledger on disk: in one file of bbolt, which a crash of the machine cannot leave half written.
//
// # The file
//
// meta has the version of the format. phones has a record for each phone, history its last events, strangers and syncs what their
// names say. Records and events are in a short binary form (codec.go), as there are 100,000 phones: 250 bytes a record, 50 an event.
//
// # What can be wrong
//
// A file that is no database, or one with a broken page, is renamed to ledger.db.corrupt, and an empty one begins. A file of a newer
// phoneprov is left as it is. Both, and a directory that cannot be written, come back from Open as an error or a note.
// A page that turns out to be broken later makes Commit do the same and return ledger.ErrLost.
//
// # Limits
//
// The file has at most maxFileSize bytes. Where that does not suffice the history is given up, and the records stay.
package store
