package datadir

import "strings"

// isXML says whether a template is XML: its own first character is "<". A MIME type says nothing of it: that of Asterisk's
// sample is text/xml for every file, and an escaped password in a text file is a wrong password.
func isXML(template string) bool { return strings.HasPrefix(withoutBlanks(template), "<") }

// withoutBlanks is a template without what may stand before its first character: a byte order mark, and blanks.
func withoutBlanks(template string) string {
	const blanks = " \t\r\n\v\f"
	return strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(template, blanks), "\uFEFF"), blanks)
}
