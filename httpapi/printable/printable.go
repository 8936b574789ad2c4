// Package printable makes texts of strangers safe to show, in the log and on the page.
package printable

import (
	"strings"
	"unicode"
)

// Only replaces each character that a terminal or a browser would obey or hide, such as an escape or a mark of
// direction, by one character. An escape sequence in its place would let the stranger choose the length of the line.
func Only(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}

// isPlain reports whether s is printable ASCII, as nearly every text of a phone is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Cut is Only, and cuts what is longer than most bytes.
func Cut(s string, most int) string {
	if len(s) > most {
		s = s[:most] + "…"
	}
	return Only(s)
}
