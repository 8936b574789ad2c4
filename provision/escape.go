package provision

import (
	"path"
	"strings"
)

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

// escapes says whether values are escaped in a route's file.
func (r *Renderer) escapes(rt *Route) bool {
	return r.options.Profiles[rt.file.profile.Name].Escape == EscapeAuto && rt.isXML()
}

// isXML says whether a file is meant to be XML: by its type, or by the name of the template.
func (rt *Route) isXML() bool {
	mime, _, _ := strings.Cut(rt.MIME(), ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	return mime == "text/xml" || mime == "application/xml" || strings.HasSuffix(mime, "+xml") ||
		strings.EqualFold(path.Ext(rt.file.path), ".xml")
}
