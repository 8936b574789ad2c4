package dialplan

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shrink removes pieces while the case still fails: lines, then words and brackets, then pairs of brackets, then bytes.
func shrink(s string, fails func(string) bool) string {
	for before := ""; s != before; {
		before = s
		s = shrinkParts(strings.SplitAfter(s, "\n"), fails)
		s = shrinkParts(tokens(s), fails)
		s = shrinkPairs(tokens(s), fails)
		s = shrinkParts(strings.Split(s, ""), fails)
	}
	return s
}

var tokenPattern = regexp.MustCompile(`(?s)\$?[{\[]|\w+\(?|.`)

// tokens returns the pieces that shrink removes whole. A byte that is not UTF-8 is one.
func tokens(s string) []string { return tokenPattern.FindAllString(s, -1) }

// shrinkParts removes runs of parts, long runs first.
func shrinkParts(parts []string, fails func(string) bool) string {
	for size := len(parts) / 2; size > 0; {
		at := 0
		for ; at+size <= len(parts); at++ {
			less := slices.Concat(parts[:at], parts[at+size:])
			if s := strings.Join(less, ""); s != "" && fails(s) {
				parts = less
				break
			}
		}
		if size = min(size, len(parts)); at+size > len(parts) {
			size /= 2
		}
	}
	return strings.Join(parts, "")
}

// maxPairs bounds the parts of which every two are tried.
const maxPairs = 80

// shrinkPairs removes two parts at a time, such as a bracket and its other half.
func shrinkPairs(parts []string, fails func(string) bool) string {
	for i := 0; i < len(parts) && len(parts) <= maxPairs; i++ {
		for j := i + 1; j < len(parts); j++ {
			less := slices.Concat(parts[:i], parts[i+1:j], parts[j+1:])
			if s := strings.Join(less, ""); s != "" && fails(s) {
				parts, j = less, i
			}
		}
	}
	return strings.Join(parts, "")
}

func TestShrink(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		fails          func(string) bool
	}{
		{"a byte", strings.Repeat("ab", 200) + "x" + strings.Repeat("cd", 200), "x", func(s string) bool { return strings.Contains(s, "x") }},
		{"two places", "a ${LEN(x)} b ${CUT(y)} c", "LENCUT", func(s string) bool {
			return strings.Contains(s, "LEN") && strings.Contains(s, "CUT")
		}},
		{"balanced", "p ${LEN(${TOUPPER(${A}b)})} q", "${A}", func(s string) bool {
			return strings.Contains(s, "${A") && strings.Count(s, "{") == strings.Count(s, "}") && strings.Count(s, "(") == strings.Count(s, ")")
		}},
		{"no UTF-8", "a\xffb", "\xff", func(s string) bool { return strings.Contains(s, "\xff") }},
		{"never empty", "abc", "c", func(string) bool { return true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := shrink(c.in, c.fails); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
