package dialplan

import (
	"context"
	"unicode/utf8"
)

// jsonEscape is JSON_ESCAPE(text): the inside of a string of JSON (RFC 8259, 7). What is not UTF-8 is U+FFFD.
func jsonEscape(_ context.Context, c *Call) (string, error) {
	b := make([]byte, 0, len(c.Args)+len(c.Args)/8)
	for _, r := range c.Args {
		b = appendJSON(b, r)
	}
	if len(b) > c.ex.run.Output {
		return "", ErrTooLong
	}
	return string(b), nil
}

func appendJSON(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	if r < ' ' {
		return append(b, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
	}
	return utf8.AppendRune(b, r)
}
