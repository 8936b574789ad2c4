package testkit

import (
	"flag"
	"strconv"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// SideBySide runs n parallel tests at a time. TestMain of a package whose tests mostly wait calls it before Run. By
// default go test runs as many as there are processors. If REQUIRE_ASTERISK is set, SideBySide runs half of n, because
// an Asterisk takes a processor while it starts.
func SideBySide(n int) {
	if skips.Required() {
		n = max(n/2, 1)
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // this is no test binary
	}
}
