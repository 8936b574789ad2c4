package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// The two tables are Asterisk's own, but for its order and the blanks at the ends of its lines.
func TestRoutesAsAsterisk(t *testing.T) {
	a := oracle.Start(t, oracle.Options{Config: "testdata/tree/asterisk"})
	env := map[string]string{
		"PHONEPROV_AMI_ADDRESS":       a.AMI,
		"PHONEPROV_AMI_USERNAME":      oracle.User,
		"PHONEPROV_AMI_SECRET":        oracle.Secret,
		"PHONEPROV_ASTERISK_DATA_DIR": a.DataDir,
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"routes"}, func(k string) (string, bool) { v, ok := env[k]; return v, ok },
		strings.NewReader(""), &stdout, &stderr)
	secrets.Text("routes", stdout.String()+stderr.String())
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if got, want := sortedLines(stdout.String()), sortedLines(a.CLI(t, "phoneprov show routes")); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func sortedLines(s string) []string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// A reader that goes away is an error like any other.
func TestRoutesToNowhere(t *testing.T) {
	env := map[string]string{"PHONEPROV_AMI_ADDRESS": "", "PHONEPROV_ASTERISK_CONFIG": "files",
		"PHONEPROV_ASTERISK_CONFIG_DIR": "testdata/tree/asterisk", "PHONEPROV_ASTERISK_DATA_DIR": "testdata/tree/data"}
	closed, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"routes"}, func(k string) (string, bool) { v, ok := env[k]; return v, ok },
		strings.NewReader(""), closed, &stderr)
	secrets.Text("routes", stderr.String())
	if code != 1 || !strings.Contains(stderr.String(), "file already closed") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
