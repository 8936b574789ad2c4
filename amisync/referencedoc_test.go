package amisync

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// provision's reference of the template language says how long a call may take.
func TestReferenceTiming(t *testing.T) {
	text, err := os.ReadFile("../provision/dialplan/REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("\n| time for one call of Asterisk, with waiting for a connection | %v |\n", Timing{}.withDefaults().Ask); !strings.Contains(string(text), want) {
		t.Errorf("REFERENCE.md has no %q", want)
	}
}
