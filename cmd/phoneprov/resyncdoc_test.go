package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/notify"
)

func TestResyncHasTheMakes(t *testing.T) {
	text, err := os.ReadFile("../../deploy/doc/RESYNC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "<!-- makes -->\n")
	got, _, closed := strings.Cut(rest, "<!-- /makes -->\n")
	if !ok || !closed {
		t.Fatal("deploy/doc/RESYNC.md has no table of makes")
	}
	if want := makesMarkdown(); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("deploy/doc/RESYNC.md: the table of makes is not that of the program, which is:\n%s", want)
	}
}

// makesMarkdown is the table of makes for deploy/doc/RESYNC.md.
func makesMarkdown() string {
	var b strings.Builder
	b.WriteString("| make | event | reboots | `--reboot` | must have fetched within | what must be right | source |\n|---|---|---|---|---|---|---|\n")
	for _, m := range (notify.Table{}).Methods() {
		name, source := m.Vendor, m.Source
		if m.Model != "" {
			name += ", models " + m.Model + "…"
		}
		if m.SecondHand {
			source += " **(second-hand)**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %v | %s | %s |\n", name, eventCode(m.Event), m.Reboots, eventCode(m.Reboot), m.Within, m.Trap, source)
	}
	return b.String()
}

func eventCode(event string) string {
	if event == "" {
		return "none"
	}
	return code(event)
}
