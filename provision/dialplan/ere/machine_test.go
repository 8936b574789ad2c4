package ere

import (
	"strings"
	"testing"
)

// A machine that checks the context finds the same as one that does not.
func TestMachineThatLooks(t *testing.T) {
	text := strings.Repeat("xy", 60_000) + "0004f2000001" + strings.Repeat("z", 1000) + "é"
	for _, pattern := range []string{"[0-9a-f]{12}", "(0+)4f2", "z+é$", "^x", "nothing", "(y0|0y)", ""} {
		m, _, err := Compile(t.Context(), pattern, text)
		if err != nil {
			t.Fatal(err)
		}
		m.looks = true
		got, err := m.Find(t.Context(), text)
		m.looks = false
		want, _ := m.Find(t.Context(), text)
		if len(got) != len(want) || len(got) > 1 && (got[0] != want[0] || got[1] != want[1]) || err != nil {
			t.Errorf("%q: got %v, %v, want %v", pattern, got, err, want)
		}
	}
}
