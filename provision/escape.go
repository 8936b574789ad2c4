package provision

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
