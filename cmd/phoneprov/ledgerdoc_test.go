package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// TestLedgerPageHasTheStates as the program has them.
func TestLedgerPageHasTheStates(t *testing.T) {
	page, err := os.ReadFile("../../deploy/doc/LEDGER.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- states -->\n")
	got, _, ok := strings.Cut(rest, "<!-- /states -->\n")
	want := "| word | text | what it means |\n|---|---|---|\n"
	for _, d := range ledger.States() {
		want += fmt.Sprintf("| `%s` | %s | %s |\n", d.State, d.Text, d.Means)
	}
	if got != want || !ok {
		t.Errorf("deploy/doc/LEDGER.md: got\n%swant\n%s", got, want)
	}
}
