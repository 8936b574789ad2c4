package dialplan

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// uriEncode escapes every byte that is not one of RFC 2396's unreserved characters.
func uriEncode(_ context.Context, c *Call) (string, error) {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(c.Args)+len(c.Args)/2)
	for i := range len(c.Args) {
		ch := c.Args[i]
		if unreserved(ch) {
			b = append(b, ch)
		} else {
			b = append(b, '%', digits[ch>>4], digits[ch&15])
		}
	}
	return string(b), nil
}

func unreserved(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' ||
		strings.IndexByte("-_.!~*'()", c) >= 0
}

// uriDecode replaces %XX with a byte. XX is what scanf("%2x") reads: blanks and a sign may come before a digit, and one
// digit is enough. Other text stays.
func uriDecode(_ context.Context, c *Call) (string, error) {
	s := c.Args
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if ch == '%' && len(s)-i > 2 {
			if n, ok := scanHexByte(s[i+1:]); ok {
				ch = n
				i += 2
			}
		}
		if ch == 0 {
			break // a NUL ends a text in C
		}
		b = append(b, ch)
	}
	return string(b), nil
}

// scanHexByte reads up to two characters. After 0x there must be a digit as the third.
func scanHexByte(s string) (byte, bool) {
	s = strings.TrimLeft(s, cnum.Blanks)
	s = s[:min(len(s), 2)]
	switch {
	case s == "", strings.EqualFold(s, "0x"):
		return 0, false
	case s[0] == '-' || s[0] == '+':
		n, _, ok := hexChar(s[1:])
		if s[0] == '-' {
			n = -n
		}
		return n, ok
	}
	n, _, ok := hexChar(s)
	return n, ok
}

// sqlEsc doubles the quotes.
func sqlEsc(_ context.Context, c *Call) (string, error) { return c.double("'") }

// sqlEscBackslashes doubles backslashes, which some databases take for escapes.
func sqlEscBackslashes(_ context.Context, c *Call) (string, error) { return c.double(`\`) }

func (c *Call) double(s string) (string, error) {
	if len(c.Args)+strings.Count(c.Args, s) > c.ex.run.Output {
		return "", ErrTooLong
	}
	return strings.ReplaceAll(c.Args, s, s+s), nil
}

func base64Encode(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	return base64.StdEncoding.EncodeToString([]byte(c.Args)), nil
}

// base64Decode ends at a `=` or a zero byte. Asterisk reads a character that is not base64 as a `/`.
func base64Decode(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	text, _, _ := strings.Cut(c.Args, "=")
	clean := []byte(text)
	for i, ch := range clean {
		if !isBase64(ch) {
			clean[i] = '/'
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1] // 6 bits are less than a byte
	}
	value, err := base64.RawStdEncoding.DecodeString(string(clean))
	if err != nil {
		c.fault("not base64")
		return "", nil
	}
	out, _, _ := strings.Cut(string(value), "\x00")
	return out, nil
}

func isBase64(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '+' || c == '/'
}

func md5Sum(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	sum := md5.Sum([]byte(c.Args))
	return hex.EncodeToString(sum[:]), nil
}

func sha1Sum(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	sum := sha1.Sum([]byte(c.Args))
	return hex.EncodeToString(sum[:]), nil
}

// given reports whether there is an argument. If not, it is a diagnostic.
func (c *Call) given() bool {
	if c.Args == "" {
		c.fault("no argument")
	}
	return c.Args != ""
}
