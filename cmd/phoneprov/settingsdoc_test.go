package main

import (
	"flag"
	"os"
	"regexp"
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
