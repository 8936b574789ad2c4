// Package httpauth checks the name and password that a phone sends, by Basic or Digest, with a file of credentials.
//
// # The file
//
// A line of the file is mac:user:hash. The MAC "*" stands for the user that all phones share. Blank lines and lines that
// begin with "#" are ignored. The hash is one of
//
//	$2a$..., $2b$..., $2y$...   bcrypt, for Basic
//	MD5:<32 hex digits>         HA1 for Digest: MD5(user:realm:password)
//	SHA-256:<64 hex digits>     the same with SHA-256
//
// A user has a line for each scheme that it may use; "phoneprov passwd" writes all three. HA1 contains the realm, so it is
// useless with another realm. For this service HA1 is as good as the password, so nobody else may read the file. The file
// is read again when it changes (package reload).
//
// # The Authenticator
//
// Check says whether the credentials of a request are right for the files of a phone. A phone's own entry replaces the
// shared entry with the same user name. Verified says the same, at once, of credentials that were right before. Challenge
// asks for credentials, in the schemes that the phone's vendor supports. The caller decides who needs credentials, and what
// a failure leads to.
//
// # Digest
//
// Digest is RFC 7616 with qop=auth, MD5 and SHA-256. The -sess algorithms, auth-int and user name hashes are neither offered
// nor accepted. Clients of RFC 2069, which send no qop, are refused, because their requests can be replayed. For makes whose
// phones know nothing else (NoQOP), each nonce is good for one request. A nonce is good for some minutes, in this process only,
// and each of its counts is good once. A client with the right password and an outdated nonce is Stale: it tries again
// without asking its user.
//
// # Time
//
// An unknown user costs the same work as a wrong password, and gets the same answer: for Basic, the work of the most expensive
// bcrypt hash in the file. A few passwords are checked at a time. Sources that wait take turns, so no source has to
// wait for all requests of another.
//
// Everything exported is safe for concurrent use. The package starts no goroutine.
package httpauth
