// Package access decides who gets a phone's file.
//
// Decide is a pure function from the facts of a request to a decision with its reason; it knows no HTTP. Budget counts
// what strangers try. Client and ClientForwarded find the phone behind the proxies that are trusted.
//
//	request ─> Facts ─┐
//	phoneprov.ini ────┼─> Rules.Decide ─> Decision{Verdict, Reason} ─> 200, 401, 404 or 429
//	snapshot ─────────┘
//
// A file is given when one of these holds: the phone's address is allowed, its credentials are good for the file, or its
// certificate is that of the file's phone. And never to a User-Agent that carries the MAC of another phone, nor for a MAC
// that is denied. A stranger learns nothing: whatever is refused is answered as a name that is not there, and where
// credentials are configured everybody who is not known otherwise is asked for them first, whatever the name.
//
// Reach tells from the address alone whether any file is within reach: who reaches none is refused before a file is looked
// up, so that the time of the answer tells nothing of it.
//
// Rules never change once they are in use; a Budget may be used by many goroutines.
package access
