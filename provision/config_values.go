package provision

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// categories lists a file's categories; a missing file has none.
func categories(f *astconf.File) []*astconf.Category {
	if f == nil {
		return nil
	}
	return f.Categories
}

// lastNonEmpty is an option's value where it is set to one, else fallback.
func lastNonEmpty(c *astconf.Category, name, fallback string) string {
	if v, ok := c.Last(name); ok && v.Value != "" {
		return v.Value
	}
	return fallback
}

// isTrue says which values Asterisk takes for a yes.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "y", "t", "1", "on":
		return true
	}
	return false
}

// leadingInt is the integer that s begins with, 0 where there is none: as Asterisk reads a linenumber.
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

// maxLineNumber keeps leadingInt from overflowing; no phone has so many lines.
const maxLineNumber = 1 << 40

// variableName is what a variable that is written so is called: up to two leading underscores, with which the dialplan
// marks what channels inherit, are no part of the name.
func variableName(written string) string {
	name := strings.TrimPrefix(written, "_")
	return strings.TrimPrefix(name, "_")
}
