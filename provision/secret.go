package provision

import "fmt"

// Secret is a password or a key. However it is printed or marshalled it reads "<secret>"; only Reveal gives the text.
// The zero Secret is empty, and prints as one that is not.
type Secret string

const masked = "<secret>"

// Reveal returns the secret itself: for the file of the phone it belongs to, and for the login it is made for.
func (s Secret) Reveal() string { return string(s) }

// Format prints "<secret>" for every verb, so that %v, %q, %x and %#v tell nothing.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, masked) }

// String returns "<secret>".
func (Secret) String() string { return masked }

// GoString returns "<secret>".
func (Secret) GoString() string { return masked }

// MarshalText gives "<secret>", for JSON and other encodings.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }
