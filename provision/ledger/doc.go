// Package ledger records, for each phone, which files it should have, which it fetched last, and what Asterisk sees of
// it. It answers the question "did the phone get it?".
//
//	requests of phones (httpapi) ─┐
//	syncs (amisync) ──────────────┼─> queue ─> Ledger ─> events ─> Store (group commit), subscribers
//	registrations (amisync) ──────┘              │
//	                   background comparison <───┘   what each phone would get now
//
// # What is compared
//
// Wanted is the entity tag of the file that the phone would get now, if it repeated its last request: the same host,
// scheme and User-Agent. Fetched is the entity tag of the last answer that the phone read to its end. A file's state
// follows from Wanted, Fetched and the outcome of its last request; States is the table of definitions. A phone has the
// worst state of the files that it asks for.
//
// # When Wanted is computed
//
// Wanted is computed again at four moments:
//   - at each fetch: the answer is Wanted;
//   - after a sync: first for the phones that the sync changed, then for files that read other phones;
//   - after a template changed: for the files that were rendered from it;
//   - when a file's time ends: Basis.Until says when.
//
// All but the first run in the background, a slice at a time. The background never asks Asterisk. A file that needs an
// answer of Asterisk is compared when the phone fetches it, and the reason of its state says so.
//
// # Texts
//
// The text of a file as the phone got it last is kept without its secrets (filediff.Kept), so that a change can be
// shown. It is not the answer's: masking takes longer than answering. The background renders the file again, as it was
// and masked, and keeps it if the entity tag is still that of the fetch. See keepTexts.
//
// # What is stored
//
// The Ledger holds the present state of all phones in memory. A Store saves it over restarts, with the history.
// Everything that a request causes goes through a bounded queue, so that serving never waits. An answer that does not
// fit is dropped and counted (Stats.Dropped). If the Store fails, the Ledger calls Options.Fault once and goes on in
// memory.
//
// # Limits
//
// limits.go has all limits. They bound the size and the number of what a client sends.
//
// # Concurrency
//
// All methods are safe for concurrent use. Run owns all goroutines. When its context ends, it commits once more and
// returns.
package ledger
