package main

import (
	"fmt"
	"strings"
)

// settingsMarkdown returns the table of the settings for deploy/doc/SETTINGS.md.
func settingsMarkdown() string {
	var b strings.Builder
	b.WriteString("| section | key | default | meaning | environment |\n|---|---|---|---|---|\n")
	for _, d := range settingsTable() {
		env := "`" + d.env() + "`"
		if d.secret {
			env += ", `" + d.env() + "_FILE`"
		}
		fmt.Fprintf(&b, "| `[%s]` | `%s` | %s | %s | %s |\n", d.section, d.key, code(d.value), d.meaning, env)
	}
	for _, d := range profileTable() {
		fmt.Fprintf(&b, "| `[profile NAME]` | `%s` | %s | %s | |\n", d.key, code(d.value), d.meaning)
	}
	for _, d := range makeTable() {
		fmt.Fprintf(&b, "| `[resync MAKE]` | `%s` | by make | %s | |\n", d.key, d.meaning)
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
