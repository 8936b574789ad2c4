// Package oracle runs a real Asterisk in a container, for tests: the judge of every behaviour that Asterisk has.
//
// Start gives a running Asterisk from the image of deploy/asterisk/Dockerfile with a configuration of the test's own,
// and removes it when the test ends. The configuration and data directories are on the host and mounted, so a test
// edits files in place and the same directories can be read by phoneprov.
//
// The oracle is there when a Docker engine answers and the image is built; REQUIRE_ASTERISK=1 builds the image where
// it is missing, and turns an oracle that cannot be had from a skip into a failure.
//
// An Asterisk may be used by many goroutines. Each container ends by itself after Lifetime, whatever becomes of the
// test.
package oracle
