package dialplan

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// uriEncode leaves RFC 2396's unreserved characters and escapes every other byte.
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

func base64Encode(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	return base64.StdEncoding.EncodeToString([]byte(c.Args)), nil
}

// base64Decode ends at a `=` or a zero byte. Asterisk takes a character that is none
// of base64's for a `/`.
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
		clean = clean[:len(clean)-1] // 6 bits are no byte
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

// given tells whether there is an argument, and reports where there is none.
func (c *Call) given() bool {
	if c.Args == "" {
		c.fault("no argument")
	}
	return c.Args != ""
}
