// Package tftp gives phones their files over TFTP (RFC 1350, with blksize and tsize of RFC 2348 and RFC 2349).
//
//	read request ─> readable name ─> httpapi.Door (policy, Renderer, log, Recorder) ─> DATA, or ERROR
//	write request ─> ERROR
//
// It serves what httpapi serves, by the same names, and never writes. TFTP has no credentials and no certificates: only a
// phone whose address is enough gets a file. The address of a request may be forged, but the file goes to that address.
//
// # Limits
//
// maxTransfers answers are sent at once, and a quarter of them to one source. A client that does not acknowledge a block gets
// it tries times. A transfer ends after maxDuration. httpapi.Door bounds the size of a file.
package tftp
