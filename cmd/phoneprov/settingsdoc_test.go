package main

import (
	"os"
	"strings"
	"testing"
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
