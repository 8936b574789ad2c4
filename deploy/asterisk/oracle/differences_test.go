package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What we do otherwise than Asterisk on purpose is in deploy/doc/DIFFERENCES.md, word for word.
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
