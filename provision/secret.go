package provision

import "fmt"

// Secret is a password or a key. It prints and marshals as "<secret>" in every way; only Reveal returns the text. The
// zero Secret is empty and prints in the same way.
type Secret string

const masked = "<secret>"

// Reveal returns the secret itself, for the phone's file and for the login.
func (s Secret) Reveal() string { return string(s) }

// Format prints "<secret>" for every verb, so that %v, %q, %x and %#v reveal nothing.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, masked) }

// String returns "<secret>".
func (Secret) String() string { return masked }

// GoString returns "<secret>".
func (Secret) GoString() string { return masked }

// MarshalText returns "<secret>", for JSON and other encodings.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }
