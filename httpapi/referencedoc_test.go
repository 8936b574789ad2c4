package httpapi

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
)

// The reference of the templates' language, which provision makes, says how long a file may take.
func TestReferenceTiming(t *testing.T) {
	text, err := os.ReadFile("../provision/dialplan/REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("\n| time for one file, with all of its calls | %v |\n", provision.RenderTimeout); !strings.Contains(string(text), want) {
		t.Errorf("REFERENCE.md has no %q", want)
	}
}
