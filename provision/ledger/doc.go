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
// Wanted is the entity tag of the file that the phone would get now, if it repeated its last request with the same host,
// scheme and User-Agent. Fetched is the entity tag of the last answer that the phone read to its end. A file's state
// follows from Wanted, from Fetched and from the result of its last request; States defines the states. A phone has the
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
// The last three run in the background, a slice of time after the other, in turns with syncs and commits
// (background.Turn). The background never asks Asterisk. If a file needs an answer of Asterisk, the ledger compares it when
// the phone fetches it, and the reason of its state says so.
//
// # Texts
//
// The ledger keeps the text of each file that the phone got last, without its secrets (filediff.Kept). So the page can show
// a change. The ledger does not take the text from the answer, because masking takes longer than answering. Instead, the
// background renders the file again, unmasked and masked. It keeps the text if the entity tag is that of the fetch. See
// keepTexts.
//
// # What is stored
//
// The Ledger holds the present state of all phones in memory. A Store saves this state and the history over restarts. Each
// answer goes through a bounded queue, so that serving never waits. If the queue is full, the Ledger drops the answer and
// counts it (Stats.Dropped). If the Store fails, the Ledger calls Options.Fault once and works on in memory.
//
// # Limits
//
// limits.go has the limits. They bound the number and the size of the values that a client sends.
//
// # Concurrency
//
// All methods are safe for concurrent use. Run owns all goroutines. When its context ends, it commits once more and
// returns.
package ledger
