package words

import (
	"strings"
	"testing"
)

// No file has a key twice. When two branches add the same key, a merge keeps both lines, and one has no effect.
func TestNoKeyTwice(t *testing.T) {
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range names {
		text, err := files.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(string(text)) {
			key, _, ok := strings.Cut(line, "=")
			if key = strings.TrimSpace(key); !ok || strings.HasPrefix(key, "#") {
				continue
			}
			if seen[key] {
				t.Errorf("%s has %s twice", f.Name(), key)
			}
			seen[key] = true
		}
	}
}
