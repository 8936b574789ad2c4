package main

import (
	"fmt"
	"regexp"
	"slices"
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
	for _, of := range []string{"asterisk", "ami"} {
		b.WriteString(pbxMarkdown(of))
	}
	for _, d := range makeTable() {
		fmt.Fprintf(&b, "| `[resync MAKE]` | `%s` | by make | %s | |\n", d.key, d.meaning)
	}
	return b.String()
}

// pbxMarkdown returns the row of [asterisk NAME] or [ami NAME].
func pbxMarkdown(of string) string {
	var same, own []string
	for _, d := range pbxTable(of) {
		if slices.Contains(ownKeys[:], d.name()) {
			own = append(own, "`"+d.key+"`")
		} else {
			same = append(same, "`"+d.key+"`")
		}
	}
	return fmt.Sprintf("| `[%s NAME]` | %s, %s | as in `[%[1]s]`; of %[2]s: none | of another Asterisk ([SEVERAL.md](SEVERAL.md)) | |\n",
		of, strings.Join(own, ", "), strings.Join(same, ", "))
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// exampleWidth is the longest line of exampleINI, in bytes.
const exampleWidth = 100

// exampleINI returns the settings file of the packages: every setting with its meaning and its default, as comments.
func exampleINI() string {
	var b strings.Builder
	b.WriteString("; The settings of phoneprov. Each is here as a comment with its default: remove the \";\" to set it.\n" +
		"; This file is read at the start only: restart the service after a change of it.\n")
	section := ""
	for _, d := range settingsTable() {
		if d.section != section {
			section = d.section
			fmt.Fprintf(&b, "\n[%s]\n", section)
		}
		wrapComment(&b, plainMeaning(d.meaning))
		fmt.Fprintln(&b, strings.TrimRight(";"+d.key+" = "+d.value, " "))
		if d.secret {
			fmt.Fprintf(&b, ";%s_file =\n", d.key)
		}
	}
	wrapComment(&b, "\nThe sections [profile NAME], [resync MAKE], and [ami NAME] and [asterisk NAME] for more than one Asterisk, are in SETTINGS.md.")
	return b.String()
}

// plainMeaning returns a meaning without Markdown.
func plainMeaning(meaning string) string {
	return markdownLink.ReplaceAllString(strings.ReplaceAll(upperFirst(meaning), "`", ""), "$1") + "."
}

var markdownLink = regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)

// wrapComment writes a text as comment lines.
func wrapComment(b *strings.Builder, text string) {
	if rest, ok := strings.CutPrefix(text, "\n"); ok {
		b.WriteString("\n")
		text = rest
	}
	line := ";"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > exampleWidth {
			b.WriteString(line + "\n")
			line = ";"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
