// Package ledger knows of every phone what it should have, what it last got, and what Asterisk sees of it. It answers the
// question "did the phone get it?".
//
//	requests of phones (httpapi) ─┐
//	syncs (amisync) ──────────────┼─> queue ─> Ledger ─> events ─> Store (group commit), subscribers
//	registrations (amisync) ──────┘              │
//	                   background comparison <───┘   what each phone would get now
//
// # What is compared
//
// Wanted is the entity tag of the file that the phone would get if it asked now as it last asked: with the same host, scheme and
// User-Agent. Fetched is the entity tag of the last answer that the phone read to its end. A file's state follows from these two and
// from how its last request ended; States is the table of definitions. A phone is as bad as the worst of the files that it asks for.
//
// # When Wanted is made anew
//
// At each fetch, as the answer is what the phone would get. After a sync for the phones that the sync changed, then for files that
// read other phones too. After a template changed for the files that were made of it. When the time passes until which a file holds.
// All but the first happen in the background, a slice at a time, and never ask Asterisk: a file that needs an answer of Asterisk is
// compared when the phone fetches it, and its state says so.
//
// # What is kept
//
// The Ledger keeps the present of all phones in memory. A Store keeps it over restarts, with the history. Everything that comes from a
// request goes through a bounded queue, so that serving never waits; what does not fit is counted (Stats.Dropped). Where the Store
// fails, Options.Fault is told once, and the Ledger goes on in memory.
//
// # Limits
//
// limits.go has them all. What a client sends is bounded there by size and by number.
//
// # Concurrency
//
// All methods may be called from any goroutine. Run owns all goroutines, and ends when its context does, after a last commit.
package ledger
