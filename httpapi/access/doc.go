// Package access decides who gets a phone's file. It knows no HTTP.
//
//	request ─> Facts ─┐
//	phoneprov.ini ────┼─> Rules.Decide ─> Decision{Verdict, Reason} ─> 200, 401, 404 or 429
//	snapshot ─────────┘
//
// Decide is a pure function. It gives a file if the address of the phone is allowed, if the credentials are right for
// the file, if the one-time link is right for the file, or if the certificate belongs to the phone of the file. It
// never gives a phone's file to a User-Agent with the MAC of another phone, and gives nothing to a denied MAC.
//
// A stranger learns nothing. A refusal looks like the answer to a name that does not exist. If there are credentials,
// Decide challenges everybody whom it does not know otherwise, whatever the name. Reach depends on the address only. So
// httpapi refuses a client that no rule can admit before it looks up a file, and the time of the answer tells nothing.
//
// Budget counts what strangers try. Client and ClientForwarded find the phone behind trusted proxies.
//
// Rules never change while they are in use. Many goroutines may use a Budget.
package access
