package ami

import (
	"fmt"
	"maps"
	"strings"
)

// maxLine is the length of the longest "Name: value" that Asterisk reads, in bytes without CRLF. Asterisk answers a longer line
// with "Failed to parse message: line too long" (measured on 16 and 22).
const maxLine = 1022

// Message is an AMI message: an answer, an event, or an action. If a name comes twice, amigo keeps the last value.
type Message map[string]string

// itemBytes and fieldBytes are the memory of a message and of one of its headers besides their text, in bytes. They are maps.
const (
	itemBytes  = 300
	fieldBytes = 64
)

// Size is the memory of a message, in bytes.
func (m Message) Size() int {
	n := itemBytes
	for name, value := range m {
		n += fieldBytes + len(name) + len(value)
	}
	return n
}

// CheckField refuses a header that Asterisk would not read as it is meant. amigo writes values as they are, so the rest of a
// value behind a CR or LF would become a header or an action of its own.
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

// CheckFields is CheckField for all headers of a message.
func CheckFields(m Message) error {
	for name, value := range m {
		if err := CheckField(name, value); err != nil {
			return err
		}
	}
	return nil
}

// The framer escapes values on their way through amigo, which cuts a value at an LF and drops its leading blanks. Asterisk's
// values are C strings, so a NUL can be the escape character.
const (
	escape      = '\x00'
	escapeLF    = 'n'
	escapeCR    = 'r'
	escapeGuard = '.' // stands for nothing; amigo keeps the blanks behind it
)

var unescape = strings.NewReplacer("\x00n", "\n", "\x00r", "\r", "\x00.", "")

// decode removes the framer's escapes from a message that amigo has parsed. It copies the map before it changes it, because
// amigo's goroutine may be reading it.
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
