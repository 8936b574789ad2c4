// Package notify tells phones that their files have changed, by SIP NOTIFY through Asterisk, and tells no
// other phone.
//
//	Ledger: who waits for a change ─> plan: who, when ─> Notifier ─> Asterisk (AMI) ─> phone
//	        ^                                                │
//	        └──────── PhoneTold, PhoneUntold ────────────────┘          the phone fetches: httpapi tells the Ledger
//
// # What decides
//
// plan (plan.go) decides when a phone may be told. It has no clock, no Asterisk and no ledger. singleOut (target.go)
// finds a target that reaches exactly one phone. Table (vendors.go) knows the events of each make of phones. These
// three are pure. Notifier (notifier.go) reads the ledger, asks Asterisk and carries out the plan.
//
// # What is proof
//
// Asterisk's answer to PJSIPNotify, "NOTIFY sent", only means that Asterisk queued a task. Asterisk gives the same
// answer for an endpoint without a contact (measured on 16 and 22). So the only proof is the fetch: a phone that was
// told is in the state "told" until it has fetched all waiting files. A phone that does not fetch in time is told once
// more. If it still does not fetch, its state is "no reaction".
//
// # Never more phones than meant
//
// NOTIFY to an endpoint reaches all contacts of all its AORs. So Notifier uses the endpoint only if it has one contact,
// and nothing says that the contact is another device. If the endpoint has several contacts, Notifier uses the URI of
// the phone's contact. Asterisk can send to a URI only through a default outbound endpoint. Right before it sends
// NOTIFY, Notifier asks Asterisk again for the contacts, and whether a call is up.
//
// A change for more phones than Options.Limit waits until a person confirms it.
//
// # After a restart
//
// The ledger stores the change that each phone was told of (ledger.Notice.Change). A waiting change that a phone was
// not told of counts as a new change. Confirmations are not stored.
//
// # Concurrency
//
// Run asks Asterisk and tells phones, in one goroutine. The other methods may be called from any goroutine. They hold a
// lock for a short time, and never wait for Asterisk.
package notify
