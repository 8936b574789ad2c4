package testkit

import (
	"flag"
	"os"
	"strconv"
)

// SideBySide has n parallel tests run at a time, where go test is not told another number: for packages whose tests wait more
// than they work. By itself go test runs as many as there are processors, and does so where REQUIRE_ASTERISK is set: tests
// that have an Asterisk each work hard. TestMain calls it before Run.
func SideBySide(n int) {
	if os.Getenv("REQUIRE_ASTERISK") != "" {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // this is no test binary
	}
}
