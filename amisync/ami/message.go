package ami

import (
	"fmt"
	"maps"
	"strings"
)

// maxLine is the longest "Name: value" that Asterisk reads, in bytes without CRLF. A longer one is answered with
// "Failed to parse message: line too long" (measured on 16 and 22).
const maxLine = 1022

// Message is one AMI message: an answer, an event, or an action. Of a name that comes twice amigo keeps the last.
type Message map[string]string

// itemBytes and fieldBytes are what a message and one of its headers take besides their text, in bytes: those of a map.
const (
	itemBytes  = 300
	fieldBytes = 64
)

// Size is what a message takes, in bytes.
func (m Message) Size() int {
	n := itemBytes
	for name, value := range m {
		n += fieldBytes + len(name) + len(value)
	}
	return n
}

// CheckField refuses what would end the line, the message or the string on Asterisk's side: amigo writes values as they
// are, so a CR or LF in one would make its rest a header or an action of its own.
func CheckField(name, value string) error {
	switch {
	case name == "" || strings.ContainsAny(name, ": \t\r\n\x00"):
		return fmt.Errorf("%q cannot be the name of an AMI header", name)
	case strings.ContainsAny(value, "\r\n\x00"):
		return fmt.Errorf("a CR, LF or NUL cannot be sent to asterisk in %s", name)
	case len(name)+len(": ")+len(value) > maxLine:
		return fmt.Errorf("%s of %d bytes is too long for asterisk: at most %d", name, len(value), maxLine-len(name)-len(": "))
	}
	return nil
}

func CheckFields(m Message) error {
	for name, value := range m {
		if err := CheckField(name, value); err != nil {
			return err
		}
	}
	return nil
}

// The escapes that framer puts into values on their way through amigo: it cuts a value at an LF and drops the blanks a
// value begins with. Asterisk's values are C strings, so a NUL is free to be the escape character.
const (
	escape      = '\x00'
	escapeLF    = 'n'
	escapeCR    = 'r'
	escapeGuard = '.' // nothing: it keeps the blanks behind it
)

var unescape = strings.NewReplacer("\x00n", "\n", "\x00r", "\r", "\x00.", "")

// decode undoes framer's escapes in a message that amigo has parsed. It does not write to amigo's map, which amigo's own
// goroutine may be reading.
func decode(parsed map[string]string) Message {
	var own Message
	for name, value := range parsed {
		if strings.IndexByte(value, escape) < 0 {
			continue
		}
		if own == nil {
			own = maps.Clone(parsed)
		}
		own[name] = unescape.Replace(value)
	}
	if own == nil {
		return parsed
	}
	return own
}
