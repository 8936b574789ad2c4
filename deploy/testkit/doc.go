// Package testkit has what the tests of several packages need: waiting, files, a log, and children of the test binary.
//
// Wait for what another goroutine or process does with Eventually or WaitFor: they poll, and give up after Patience. Do not
// sleep: where time itself is what a test is about, use testing/synctest.
//
// Lay files with Write, WriteSteady and WriteTree. Write renames the file into place, as a renewal or an editor does, so that
// no reader sees a half of it. WriteSteady gives the file an old time as well: phoneprov caches nothing of a file that has
// just changed.
//
// Give a service a Log where the test reads what it writes, and start the test binary as a process of its own with Self.
package testkit
