package provision

import (
	"encoding/hex"
	"errors"
	"strings"
)

// MAC is a phone's hardware address (EUI-48). The zero MAC is no phone's.
type MAC [6]byte

var errMAC = errors.New("not a MAC address: want 12 hexadecimal digits")

// ParseMAC reads 12 hexadecimal digits of any case, plain or with ":", "-", "." or blanks between them, as vendors print
// them: 001122334455, 00:11:22:33:44:55, 00-11-22-33-44-55, 0011.2233.4455.
func ParseMAC(s string) (MAC, error) {
	m, rest, ok := cutMAC(strings.TrimSpace(s))
	if !ok || rest != "" {
		return MAC{}, errMAC
	}
	return m, nil
}

// String is the MAC's 12 hexadecimal digits in lower case; ParseMAC reads it back.
func (m MAC) String() string { return hex.EncodeToString(m[:]) }

// cutMAC reads the MAC that s begins with and returns what follows it. Separators stand between digits only.
func cutMAC(s string) (m MAC, rest string, ok bool) {
	i := 0
	for digit := range 12 {
		if digit > 0 && i < len(s) && strings.IndexByte(":-. ", s[i]) >= 0 {
			i++
		}
		if i == len(s) {
			return MAC{}, s, false
		}
		v, ok := hexDigit(s[i])
		if !ok {
			return MAC{}, s, false
		}
		m[digit/2] = m[digit/2]<<4 | v
		i++
	}
	return m, s[i:], true
}

// FindMAC finds the MAC that the name of a file carries, as 0004f2000001-phone.cfg does: 12 digits, plain or in groups of
// two or four. canonical is the name with the MAC as String writes it. Names that every phone of a model asks for,
// 000000000000.cfg and y000000000028.cfg, carry none, nor does 3111-48822-001.sip.ld.
func FindMAC(name string) (m MAC, canonical string, ok bool) {
	if len(name) > maxMACURI {
		return MAC{}, "", false
	}
	for i := range len(name) {
		m, rest, ok := cutMAC(name[i:])
		if !ok || !regular(name[i:len(name)-len(rest)]) || [4]byte(m[:4]) == [4]byte{} {
			continue
		}
		if rest != "" {
			if _, more := hexDigit(rest[0]); more { // the "a" of spa0004f2000001.cfg is a digit too: the last 12 are it
				continue
			}
		}
		return m, name[:i] + m.String() + rest, true
	}
	return MAC{}, "", false
}

// regular tells whether a MAC is written in one of the usual ways.
func regular(text string) bool {
	every := map[int]int{12: 12, 17: 2, 14: 4}[len(text)] // digits between two separators
	if every == 0 {
		return false
	}
	for i := range len(text) {
		_, digit := hexDigit(text[i])
		if separator := i%(every+1) == every; separator == digit || separator && text[i] != text[every] {
			return false
		}
	}
	return true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
