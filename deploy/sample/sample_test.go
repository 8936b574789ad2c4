package sample

import (
	"os"
	"testing"
)

// The sample has the alias file that users are told to copy.
func TestCLIAliases(t *testing.T) {
	got, err := FS.ReadFile("asterisk/cli_aliases.conf")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../cli_aliases.conf")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("deploy/sample/asterisk/cli_aliases.conf is not deploy/cli_aliases.conf:\ngot  %q\nwant %q", got, want)
	}
}
