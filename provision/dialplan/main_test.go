package dialplan

import (
	"os"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// TestMain prints at the end which tests were skipped.
func TestMain(m *testing.M) {
	code := m.Run()
	skips.Report()
	os.Exit(code)
}
