package provision

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// categories returns a file's categories. A missing file has none.
func categories(f *astconf.File) []*astconf.Category {
	if f == nil {
		return nil
	}
	return f.Categories
}

// lastNonEmpty returns the last value of an option. If it is empty or there is none, it returns fallback.
func lastNonEmpty(c *astconf.Category, name, fallback string) string {
	if v, ok := c.Last(name); ok && v.Value != "" {
		return v.Value
	}
	return fallback
}

// isTrue reports whether Asterisk takes a value for a yes.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "y", "t", "1", "on":
		return true
	}
	return false
}

// leadingInt returns the integer at the beginning of s, or 0 without one. Asterisk reads a linenumber in this way.
func leadingInt(s string) int {
	s = strings.TrimSpace(s)
	digits, negative := strings.CutPrefix(s, "-")
	n := 0
	for i := 0; i < len(digits) && '0' <= digits[i] && digits[i] <= '9' && n < maxLineNumber; i++ {
		n = n*10 + int(digits[i]-'0')
	}
	if negative {
		return -n
	}
	return n
}

// maxLineNumber prevents an overflow in leadingInt, also where an int has 32 bits. No phone has so many lines.
const maxLineNumber = 1 << 27

// variableName returns the name of a variable without its leading underscores, of which there may be two. With them the
// dialplan marks variables that channels inherit.
func variableName(written string) string {
	name := strings.TrimPrefix(written, "_")
	return strings.TrimPrefix(name, "_")
}
