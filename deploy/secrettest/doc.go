// Package secrettest holds a test run to its promise: whatever is logged, answered or printed, none of the secrets that
// the tests work with is in it.
//
// A test package has one Watch. Its tests Add their secrets before they use them, and everything that the code under test
// says goes to the Watch as well: logs through a Stream, pages and errors as a Text. TestMain runs the tests through Guard,
// which fails the run where a secret was told, and names the place.
//
// A secret is found in any case, and in base64, hexadecimal, %-encoding and as it stands in JSON and in HTML. What goes by
// is searched at once and not kept. A Watch may be used by many goroutines.
package secrettest
