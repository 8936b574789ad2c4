package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestReadmeHasTheSettings(t *testing.T) {
	const begin, end = "<!-- settings -->\n", "<!-- /settings -->\n"
	readme, err := os.ReadFile("../../deploy/doc/SETTINGS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), begin)
	got, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("deploy/doc/SETTINGS.md has no %q and %q", begin, end)
	}
	if want := settingsMarkdown(); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("deploy/doc/SETTINGS.md: the table of settings is not that of the program, which is:\n%s", want)
	}
}

var update = flag.Bool("update", false, "write deploy/packages/phoneprov.ini")

// The settings file of the packages has every setting. It sets nothing, and without its comment signs it sets the defaults.
func TestExampleINI(t *testing.T) {
	const path = "../../deploy/packages/phoneprov.ini"
	if *update {
		if err := os.WriteFile(path, []byte(exampleINI()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != exampleINI() {
		t.Errorf("%s is not that of the program: go test ./cmd/phoneprov -run TestExampleINI -update", path)
	}
	none := func(string) (string, bool) { return "", false }
	asDefault := func(path string) (all []string) {
		s, err := loadSettings(path, none)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range s.inForce {
			all = append(all, in.section+"."+in.key+" = "+in.value)
		}
		return all
	}
	want := asDefault("../../deploy/packages/phoneprov.ini")
	set := regexp.MustCompile(`(?m)^;(\w+ =)`).ReplaceAllString(string(text), "$1")
	set = strings.Replace(set, "\nsecret_file =\n", "\n", 1) // an empty name of a file is an error
	got := asDefault(testkit.Write(t, t.TempDir()+"/set.ini", set))
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(settingsTable()) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if len(line) > exampleWidth && strings.HasPrefix(line, "; ") {
			t.Errorf("line %d has %d bytes", i+1, len(line))
		}
	}
}

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
