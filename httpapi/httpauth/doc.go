// Package httpauth checks the name and password that a phone sends, Basic or Digest, against a file of credentials.
//
// A line of the file is mac:user:hash; the MAC "*" is the user that all phones share. Blank lines and those that begin
// with "#" mean nothing. The hash is one of
//
//	$2a$..., $2b$..., $2y$...   bcrypt, for Basic
//	MD5:<32 hex digits>         HA1 for Digest: MD5(user:realm:password)
//	SHA-256:<64 hex digits>     the same with SHA-256
//
// and a user has a line for each scheme that it may use; "phoneprov passwd" writes all three. HA1 has the realm in it: with
// another realm it is worth nothing. It is as good as the password for this service, so the file is for nobody else to read.
//
// An Authenticator has three verbs. Check says what the credentials of a request are worth for the files of one phone; a
// phone's own entry stands in place of the shared one of the same user name. Verified says the same at once of credentials
// that were right before. Challenge asks for credentials, in the schemes
// that the phone's vendor can do. Who needs credentials at all, and what a failure leads to, is the caller's matter.
//
// Digest is RFC 7616 with qop=auth, MD5 and SHA-256. Clients of RFC 2069, that send no qop, are refused: nothing in
// their requests keeps them from being sent again. Where phones of a make know nothing else (NoQOP) each nonce is good for one
// of their requests. Refused are the -sess algorithms, auth-int and user name hashes, none of which
// is offered. A nonce is good for some minutes and belongs to this process; each of its counts is good once. A client
// with the right password and a nonce that is not good any more is Stale, and tries again by itself without asking anyone.
//
// An unknown user gets the same answer as a wrong password, after the same work: for Basic that of the dearest bcrypt hash of
// the file. Passwords are checked a few at a time; sources that wait take turns (turns), so that none waits behind all
// the requests of another.
//
// Everything exported is safe for concurrent use. The file is looked at when a request comes; there is no goroutine.
package httpauth
