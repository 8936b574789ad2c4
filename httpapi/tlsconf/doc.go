// Package tlsconf is the TLS of the phones' HTTPS listener. It also decides what the certificate of a phone proves.
//
// A Server has a certificate pair and, if client certificates count, a bundle of CAs. Both are files that are read again when
// they change (package reload), when a handshake or a request needs them. Open connections keep what they began with.
//
// # Versions and ciphers
//
// The listener speaks TLS 1.2 or newer, with Go's defaults, which exchange keys by ECDHE only. Legacy adds TLS 1.0 and 1.1, RSA
// key exchange, 3DES, and CBC with SHA-256. Go 1.26 needs an explicit list of ciphers for these, but no GODEBUG. RC4 stays
// off, because phones that know it know AES too. Go no longer has SSL 3.0, DHE and export ciphers. A phone that knows TLS 1.2
// with ECDHE but only SHA-1 signatures needs GODEBUG=tlssha1=1 in the environment. Most old phones want an RSA certificate.
// HTTP/2 is off, because no phone needs it: ALPN offers http/1.1 only.
//
// # Client certificates
//
// A client certificate is requested but not required, so that a phone without one reaches the other rules of access. The
// handshake proves that the client has the key of its certificate. ClientMAC decides what the certificate proves, with the
// current bundle, once for each chain and bundle (verdicts). A chain has at most four certificates. Those that no CA of the
// bundle signed are dropped before paths are built, so that a stranger's chain costs next to nothing.
//
// Every certificate in the bundle is trusted, including intermediates. The extended key usage is ignored, because old
// factory certificates lack clientAuth. Go refuses certificates that are signed with SHA-1 or MD5, and no setting changes
// that; in the bundle they are accepted, because their signatures are not checked. RSA keys of less than 1,024 bits and negative
// serial numbers end the handshake.
//
// Everything exported is safe for concurrent use.
package tlsconf
