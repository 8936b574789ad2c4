package provision

import "strings"

// Escape is how the values of the configuration are put into the text of a file. The zero Escape is EscapeAuto.
type Escape uint8

const (
	EscapeAuto Escape = iota // in an XML file they are escaped for XML
	EscapeNone               // they are put in as they are, as Asterisk does
)

// ProfileOptions are what phoneprov.ini says of a profile. The zero value says nothing.
type ProfileOptions struct {
	Escape Escape
}

// escape is how values are put into a route's file.
func (r *Renderer) escape(rt *Route) Escape { return r.options.Profiles[rt.file.profile.Name].Escape }

// escapes says whether values are escaped in the file of a template, which includes what the template includes.
func (e Escape) escapes(t *templateFile) bool { return e == EscapeAuto && t.xml }

// isXML says whether a template is XML: its own first character is "<". A MIME type says nothing of it: that of Asterisk's
// sample is text/xml for every file, and an escaped password in a text file is a wrong password.
func isXML(template string) bool { return strings.HasPrefix(withoutBlanks(template), "<") }

// withoutBlanks is a template without what may stand before its first character: a byte order mark, and blanks.
func withoutBlanks(template string) string {
	const blanks = " \t\r\n\v\f"
	return strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(template, blanks), "\uFEFF"), blanks)
}
