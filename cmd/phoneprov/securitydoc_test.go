package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The safest set-up that deploy/SECURITY.md shows is one that phoneprov takes, and is ten lines.
func TestSafestSetUp(t *testing.T) {
	text, err := os.ReadFile("../../deploy/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "\n    [http]\n")
	block, _, _ = strings.Cut("    [http]\n"+block, "\n\n")
	path := filepath.Join(t.TempDir(), "phoneprov.ini")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(block+"\n", "    ", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := func(name string) (string, bool) { // it is not in the file
		if name == "PHONEPROV_AMI_SECRET" {
			return "x", true
		}
		return "", false
	}
	s, err := loadSettings(path, secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.check(); err != nil {
		t.Error(err)
	}
	if s.httpListen != "" || s.httpsListen == "" || len(s.allow) != 0 || s.clientCA == "" || s.credentials == "" {
		t.Errorf("got %+v", s)
	}
	if n := strings.Count(block, "\n") + 1; n > 10 {
		t.Errorf("%d lines", n)
	}
}
