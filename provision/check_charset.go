package provision

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// invalidUTF8 is encoding/xml's message for bytes that are not UTF-8.
const invalidUTF8 = "invalid UTF-8"

// notUTF8 says where the bytes of a file that are not UTF-8 come from: an option of a section, a setvar, or the
// template. It searches the phone's own lines first, although the file may have values of other phones too.
func notUTF8(s *Snapshot, rt *Route, file string) string {
	const advice = ": write it in UTF-8, or name the encoding in the first line of the XML"
	bad := func(value string) bool {
		return !utf8.ValidString(value) && slices.ContainsFunc(strings.FieldsFunc(value, escaped), func(part string) bool {
			return !utf8.ValidString(part) && strings.Contains(file, part)
		})
	}
	for _, p := range slices.Concat([]*Phone{rt.Phone}, s.phoneList) {
		for _, l := range p.Lines {
			for v := range l.variables() {
				if bad(v.value) {
					return fmt.Sprintf(" in %s of [%s] (%s)%s", optionOf(p, v.name), l.Section(), v.origin(l), advice)
				}
			}
		}
		for _, v := range p.Profile.setvars {
			if !utf8.ValidString(v.text) {
				return fmt.Sprintf(" in setvar %s of profile %q%s%s", v.name, p.Profile.Name, at(v.pos), advice)
			}
		}
	}
	return " in the template" + advice
}

// escaped reports whether XML escapes a character of a value.
func escaped(c rune) bool { return strings.ContainsRune(`&<>"'`, c) }

// optionOf returns the option that sets a variable of a phone's line.
func optionOf(p *Phone, variable string) string {
	if p.Provider == UsersProvider {
		for _, o := range userOptions {
			if o.variable == variable {
				return o.option
			}
		}
		switch variable {
		case "USERNAME":
			return "username"
		case "PROFILE":
			return "profile"
		}
	}
	return variable
}

// charsetReader converts an XML file that names its encoding to UTF-8. It knows the common encodings of one byte for
// each character. It passes others through, so US-ASCII works.
func charsetReader(charset string, in io.Reader) (io.Reader, error) {
	windows := false
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1":
	case "windows-1252", "cp1252":
		windows = true
	default:
		return in, nil
	}
	text, err := io.ReadAll(in) // it is in memory already
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, c := range text {
		if windows && c >= 0x80 && c < 0xA0 {
			b.WriteRune(windows1252[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return strings.NewReader(b.String()), nil
}

// windows1252 are the characters from 0x80 on that differ from ISO-8859-1. Undefined ones are as in ISO-8859-1.
var windows1252 = [0x20]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ',
}
