package phoneconf

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Phone is one line of a new phone.
type Phone struct {
	MAC       device.MAC
	Name      string      // the display name
	Extension string      // the user name, and the name of the section and of the endpoint
	Profile   string      // a section of phoneprov.conf
	Line      int         // from 1
	From      astconf.Pos // the position in the CSV file, for messages about later rows; may be empty
}

// Limits of a new phone.
const (
	maxName      = 80 // characters of a display name; phones show some 20
	maxExtension = 40 // characters; Asterisk limits a section's name to 79, and the wizard appends to the name
	maxLine      = 99 // no phone has more lines
)

// secretBytes is the size of a secret: nobody can guess 128 bits.
const secretBytes = 16

// NewSecret returns a random secret of 32 hexadecimal digits. Every phone can store it.
func NewSecret() provision.Secret {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return provision.Secret(hex.EncodeToString(b[:]))
}

// extensionSigns are the characters that an extension may have besides letters and digits. Others have a meaning in SIP
// or in Asterisk's files.
const extensionSigns = "_.+-"

// reserved are section names with another meaning in Asterisk's files.
var reserved = [...]string{"general", "globals", "default"}

// Check returns all faults of a phone's values, joined. Add checks the phone against the configuration: whether the
// profile exists, and whether another phone has the MAC or the extension.
func (p Phone) Check() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case p.MAC == device.MAC{}:
		fault("no phone has the MAC 000000000000")
	case p.MAC[0]&1 != 0:
		fault("MAC %s: that is a group's address, which no phone has", p.MAC)
	}
	switch {
	case p.Extension == "":
		fault("the extension is empty")
	case len(p.Extension) > maxExtension:
		fault("the extension has more than %d characters", maxExtension)
	case strings.ContainsFunc(p.Extension, func(c rune) bool {
		return !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.ContainsRune(extensionSigns, c))
	}):
		fault("extension %q: want digits, letters and %s only", p.Extension, extensionSigns)
	}
	for _, name := range reserved {
		if strings.EqualFold(p.Extension, name) {
			fault("extension %q: a section of that name has another meaning", p.Extension)
		}
	}
	switch name := strings.TrimSpace(p.Name); {
	case name == "":
		fault("the name is empty")
	case !utf8.ValidString(name):
		fault("the name is not UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		fault("the name has more than %d characters", maxName)
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\u2028' || c == '\u2029' }):
		fault("the name has a line break, a tab or another control character in it")
	}
	if p.Line < 1 || p.Line > maxLine {
		fault("line %d: want 1 to %d", p.Line, maxLine)
	}
	return errors.Join(errs...)
}
