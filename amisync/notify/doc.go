// Package notify tells phones that their files have changed, by SIP NOTIFY through Asterisk, and sees to it that nobody else is told.
//
//	Ledger: who waits for a change ─> plan: who, when ─> Notifier ─> Asterisk (AMI) ─> phone
//	        ^                                                │
//	        └──────── PhoneTold, PhoneUntold ────────────────┘          the phone fetches: httpapi tells the Ledger
//
// # What is decided here
//
// plan (plan.go) knows when a phone may be told: it has no clock, no Asterisk and no ledger. singleOut (target.go) knows how exactly one
// phone is reached. Table (vendors.go) knows what a make of phones listens to. These three are pure. Notifier (notifier.go) reads the
// ledger, asks Asterisk and carries out the plan.
//
// # What is proof
//
// Asterisk's answer to PJSIPNotify, "NOTIFY sent", means that a task was queued (measured on 16 and 22: it is the same where the endpoint
// has no contact at all). So a phone that was told is in the state "told" until it has fetched all that waits, and nothing else ends
// that: a phone that did not fetch in time is told once more, then its state is "no reaction".
//
// # Never more phones than meant
//
// NOTIFY to an endpoint reaches all contacts of all its AORs. So an endpoint is told only where it has one contact, and nothing says that
// the contact is another device. Where there are several, the one that is the phone's is told by its URI, which Asterisk can do only through
// a default outbound endpoint. Right before NOTIFY is sent, Asterisk is asked again what contacts there are, and whether a call is up.
//
// A change for more phones than Options.Limit waits until a person confirms it.
//
// # After a restart
//
// The ledger keeps who was told of which change (ledger.Notice.Change). A phone for which a change waited when phoneprov was stopped counts
// as one that changed now. Confirmations are not kept.
//
// # Concurrency
//
// Run owns the one goroutine that asks Asterisk and tells phones. The other methods may be called from any goroutine; they take a short
// lock and never wait for Asterisk.
package notify
