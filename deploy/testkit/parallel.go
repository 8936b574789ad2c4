package testkit

import (
	"flag"
	"os"
	"strconv"
)

// SideBySide runs n parallel tests at a time, unless go test gets another number. TestMain of a package whose tests
// mostly wait calls it before Run. By default go test runs as many as there are processors. SideBySide keeps that
// default if REQUIRE_ASTERISK is set, because tests with an Asterisk need the processors.
func SideBySide(n int) {
	if os.Getenv("REQUIRE_ASTERISK") != "" {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // this is no test binary
	}
}
