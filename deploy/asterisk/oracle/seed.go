package oracle

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seedVariable is the environment variable of Seed. .ci/run sets it, so that a change is judged by what it changes.
// Without it, each run looks for new differences.
const seedVariable = "PHONEPROV_TEST_SEED"

// Seed returns the seed for random cases: that of a flag, or else of the environment, or else a new one.
func Seed(tb testing.TB, flag uint64) uint64 {
	tb.Helper()
	if flag != 0 {
		return flag
	}
	text := os.Getenv(seedVariable)
	if text == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		tb.Fatalf("%s: %v", seedVariable, err)
	}
	return seed
}
