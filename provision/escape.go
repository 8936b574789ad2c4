package provision

import "github.com/phoneprov/phoneprov/provision/datadir"

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
func (e Escape) escapes(t *datadir.Template) bool { return e == EscapeAuto && t.XML }
