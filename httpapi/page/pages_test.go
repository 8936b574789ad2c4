package page

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var updateScreenshots = flag.Bool("screenshots", false, "write the screenshots of deploy/doc")

// everyPage has a path for each page and each of its shapes.
var everyPage = []string{
	"/", "/phones", "/phones?state=refused&sort=-name", "/phones?q=nobody", "/phones/" + alice, "/phones/" + alice + "?file=" + alice + ".cfg&variables=true",
	"/phones/" + alice + "?file=" + alice + ".xml", "/phones/" + carol, "/phones/" + frank, "/strangers", "/problems", "/requests", "/requests?refused=true", "/syncs",
	"/settings", "/profiles", "/nothing",
}

// axe-core finds nothing on any page, in light and dark, wide and narrow, in both languages.
func TestAccessible(t *testing.T) {
	b := lively(t).open()
	for _, look := range []struct {
		name, scheme string
		width        int64
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"narrow", "light", 390}} {
		b.size(look.width, 900)
		b.colours(look.scheme)
		for _, path := range everyPage {
			b.visit(path)
			b.accessible(look.name + " " + path)
			if dir := os.Getenv("SHOTS"); dir != "" {
				os.WriteFile(filepath.Join(dir, look.name+" "+filepath.Base(path)+".png"), b.screenshot(), 0o644)
			}
			if wide := eval[int64](b, `document.documentElement.scrollWidth`); wide > look.width {
				t.Errorf("%s %s: the page is %d wide", look.name, path, wide)
			}
		}
	}
}
