// Package tftp gives phones their files over TFTP (RFC 1350, with blksize and tsize of RFC 2348 and RFC 2349).
//
//	read request ─> readable name ─> httpapi.Door (policy, Renderer, log, Recorder) ─> DATA, or ERROR
//	write request ─> ERROR
//
// It serves the files of httpapi by the same names, and never writes. TFTP has no credentials and no certificates, so a
// phone gets a file only if its address is enough. A client may forge its address, but the file goes to that address.
//
// # Limits
//
// A Server sends maxTransfers answers at once, at most a quarter of them to one source. It sends a block that the
// client does not acknowledge tries times. A transfer ends after maxDuration. httpapi.Door bounds the size of a file.
package tftp
