// Package tlsconf is the TLS of the phones' HTTPS listener, and what a phone's own certificate proves.
//
// A Server has the certificate pair and, where client certificates count, the bundle of CAs. Both are files that are read
// again at most once a second, when a handshake or a request needs them: there is nothing to watch, so renames, symbolic
// links and slow network disks need no care. What is broken is not taken: the last good one stays, and the log says why.
// Connections that are open keep what they began with.
//
// # Versions and ciphers
//
// TLS 1.2 and up, with what Go offers by default: key exchange by ECDHE only. Legacy adds TLS 1.0 and 1.1, RSA key exchange,
// 3DES and CBC with SHA-256. An explicit list of ciphers is all that Go 1.26 needs for these, no GODEBUG. RC4 stays out: the
// phones that know it know AES too. SSL 3.0, DHE and export ciphers are gone from Go. A phone that does TLS 1.2 with ECDHE,
// but SHA-1 signatures only, is served with GODEBUG=tlssha1=1 in the environment. Most old phones want an RSA certificate.
// HTTP/2 is off, as no phone needs it: ALPN knows http/1.1 only.
//
// # Client certificates
//
// One is asked for, and none is required, so that a phone without reaches the other rules of access. The handshake proves that
// the client has the certificate's key, whatever the certificate; ClientMAC decides what it is worth, with the bundle of that
// moment: once for each chain and generation of the bundle (verdicts). A chain has four certificates at most, and those that
// no CA of the bundle has signed are dropped before paths are built, so that a stranger's chain costs next to nothing.
//
// Every certificate in the bundle is trusted as it stands, intermediates too. The extended key usage is not looked at: old
// factory certificates lack clientAuth. A certificate that is signed with SHA-1 or MD5 is refused, as Go has it, and there is no
// setting to change that; those in the bundle may be, since nobody looks at their signatures. Keys of RSA below 1024 bits and
// negative serial numbers end the handshake.
//
// Everything exported is safe for concurrent use.
package tlsconf
