// Package lastgood saves the last good configuration over restarts: the input of provision.Build, with secrets.
//
//	State ── Encode ──> bytes ── Dir.Save ──> a file of two ── Dir.Load ──> State ──> provision.Build
//
// # The file
//
// The first line is "phoneprov-last-good FORMAT NUMBER LENGTH SHA256 SAVED BUILT", in every format. The State follows:
// LENGTH bytes with the checksum SHA256. A file is whole if its format is known and its length and checksum are right.
//
// A Dir has two files. Save replaces the older one by a rename. So the newest State and the one before are whole at
// every moment, whatever ends the process or the machine. NUMBER says which file is newer, because clocks can go back.
//
// # Secrets
//
// The file has every password of every phone in plain text, as users.conf has. Its mode is 0600. Apart from the phones'
// files, it is the only place where phoneprov writes a provision.Secret.
//
// # Concurrency
//
// Encode and Decode are pure. One goroutine uses a Dir.
package lastgood
