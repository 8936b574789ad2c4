// Package lastgood keeps the last good configuration over restarts: what provision.Build was given, with secrets.
//
//	State ── Encode ──> bytes ── Dir.Save ──> a file of two ── Dir.Load ──> State ──> provision.Build
//
// # The file
//
// The first line is "phoneprov-last-good FORMAT NUMBER LENGTH SHA256 SAVED BUILT", and it begins so in every format. The rest
// is the State: LENGTH bytes with that checksum. A file counts when its format is known, and its length and checksum are right.
//
// A Dir has two files, and Save replaces the older one by a rename. So the newest State and the one before are both whole at
// every moment, whatever ends the process or the machine. NUMBER says which is newer, as clocks can go back.
//
// # Secrets
//
// The file has every password of every phone in plain text, as users.conf has. Its mode is 0600. It is the only place that
// phoneprov writes a provision.Secret to, besides the phones' files.
//
// # Concurrency
//
// Encode and Decode are pure. A Dir is used by one goroutine.
package lastgood
