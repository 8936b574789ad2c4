package main

import (
	"fmt"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/notify"
)

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
