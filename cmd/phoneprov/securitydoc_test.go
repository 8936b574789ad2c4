package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
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
	testkit.Write(t, path, strings.ReplaceAll(block+"\n", "    ", ""))
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

// Each test that deploy/SECURITY.md names is there.
func TestPromisesHaveTests(t *testing.T) {
	text, err := os.ReadFile("../../deploy/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
			have[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## What is promised\n")
	table, _, _ = strings.Cut(table, "\nThe containers of")
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| promise |") {
			continue
		}
		rows++
		names := named.FindAllStringSubmatch(line, -1)
		if len(names) == 0 {
			t.Errorf("no test is named: %s", line)
		}
		for _, m := range names {
			if !have[m[1]] {
				t.Errorf("there is no %s: %s", m[1], line)
			}
		}
	}
	if rows < 10 {
		t.Errorf("%d promises were found", rows)
	}
}
