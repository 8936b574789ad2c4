package main

import (
	"os"
	"strings"
	"testing"
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
