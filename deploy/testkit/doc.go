// Package testkit has what the tests of several packages need: waiting, files, a log, and children of the test binary.
//
// Eventually and WaitFor wait for another goroutine or process: they poll, and give up after Patience. Within
// bounds a call. Never sleep in a test. To test time itself, use testing/synctest.
//
// Write, WriteSteady and WriteTree create files. Write renames the file into place, as a renewal or an editor does, so
// that no reader sees half of it. WriteSteady also gives the file an old time, because phoneprov caches nothing of a
// file that has just changed.
//
// InOwnNetwork runs a test in a network namespace, with a wire to another one that plays the phone.
//
// Pass a Log to a service to read what it writes. Self starts the test binary as its own process.
package testkit
