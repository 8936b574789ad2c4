package device

import (
	"encoding/hex"
	"errors"
	"strings"
)

// MAC is a phone's hardware address (EUI-48). No phone has the zero MAC.
type MAC [6]byte

var errMAC = errors.New("not a MAC address: want 12 hexadecimal digits")

// ParseMAC reads 12 hexadecimal digits in any case. There may be a ":", "-", "." or blank between any two digits, as
// vendors print them: 001122334455, 00:11:22:33:44:55, 00-11-22-33-44-55, 0011.2233.4455.
func ParseMAC(s string) (MAC, error) {
	m, rest, ok := cutMAC(strings.TrimSpace(s))
	if !ok || rest != "" {
		return MAC{}, errMAC
	}
	return m, nil
}

// String returns the MAC's 12 hexadecimal digits in lower case. ParseMAC reads it back.
func (m MAC) String() string { return hex.EncodeToString(m[:]) }

// AppendTo appends the result of String.
func (m MAC) AppendTo(dst []byte) []byte { return hex.AppendEncode(dst, m[:]) }

// cutMAC reads the MAC at the beginning of s and returns the rest. Separators may stand between digits only.
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
