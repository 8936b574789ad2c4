package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deploy/doc/DIFFERENCES.md has each deliberate difference from Asterisk, word for word.
func TestDifferencesAreInTheReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "doc", "DIFFERENCES.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range Differences {
		if !strings.Contains(string(readme), "\n- "+d.Why) {
			t.Errorf("deploy/doc/DIFFERENCES.md does not list: %s", d.Why)
		}
	}
}
