package datadir

import "strings"

// isXML reports whether a template is XML: its first character is "<". The MIME type does not count: in Asterisk's
// sample it is text/xml for every file, and an escaped password in a text file is a wrong password.
func isXML(template string) bool { return strings.HasPrefix(withoutBlanks(template), "<") }

// withoutBlanks removes the byte order mark and the blanks before a template's first character.
func withoutBlanks(template string) string {
	const blanks = " \t\r\n\v\f"
	return strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(template, blanks), "\uFEFF"), blanks)
}
