package phoneconf

import (
	"os"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

func TestMain(m *testing.M) { os.Exit(skips.Reporting{M: m}.Run()) }
