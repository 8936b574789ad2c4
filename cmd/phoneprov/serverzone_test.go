package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestNamedZone(t *testing.T) {
	dir := t.TempDir()
	link := func(name, target string) string {
		path := filepath.Join(dir, name)
		testkit.Write(t, filepath.Join(dir, target), "")
		if err := os.Symlink(filepath.Join(dir, target), path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	local := time.FixedZone("Local", 3600)
	for _, row := range []struct {
		name  string
		local *time.Location
		link  string
		want  string
	}{
		{"a link into the database", local, link("good", "zoneinfo/Europe/Vienna"), "Europe/Vienna"},
		{"a link to what is no zone", local, link("none", "zoneinfo/Europe/Atlantis"), "Local"},
		{"a link elsewhere", local, link("elsewhere", "Europe/Vienna"), "Local"},
		{"no link", local, filepath.Join(dir, "nothing"), "Local"},
		{"a zone that has its name", time.FixedZone("Asia/Kolkata", 0), link("other", "zoneinfo/Europe/Berlin"), "Asia/Kolkata"},
	} {
		if got := namedZone(row.local, row.link).String(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}
