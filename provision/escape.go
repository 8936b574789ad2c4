package provision

import "github.com/phoneprov/phoneprov/provision/datadir"

// Escape says how values are inserted into a file. The zero Escape is EscapeAuto.
type Escape uint8

const (
	EscapeAuto Escape = iota // escape them in XML files
	EscapeNone               // insert them as they are, as Asterisk does
)

// ProfileOptions are the options of a profile in phoneprov.ini. The zero value sets none.
type ProfileOptions struct {
	Escape Escape
}

// escape returns how values are inserted into a route's file.
func (r *Renderer) escape(rt *Route) Escape { return r.options.Profiles[rt.file.profile.Name].Escape }

// escapes reports whether values are escaped in the file of a template, with all templates that it includes.
func (e Escape) escapes(t *datadir.Template) bool { return e == EscapeAuto && t.XML }
