package astconf

import (
	"os"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// TestMain prints at the end which tests were skipped.
func TestMain(m *testing.M) { os.Exit(skips.Reporting{M: m}.Run()) }
