package dialplan

import (
	"context"
	"strconv"
	"strings"
)

// list reads name,delimiter,text. The text is the unchanged rest.
func (c *Call) list(ctx context.Context) (value, delim, text string, ok bool, err error) {
	parts := c.Split(3)
	if len(parts) < 3 {
		c.fault("want name,delimiter,text")
		return "", "", "", false, nil
	}
	value, err = c.named(ctx, parts[0])
	return value, parts[1], parts[2], err == nil, err
}

// fieldNum is FIELDNUM(name,delimiter,text). The delimiter is one byte. The case of A to Z does not matter.
func fieldNum(ctx context.Context, c *Call) (string, error) {
	value, delim, text, ok, err := c.list(ctx)
	if !ok {
		return "", err
	}
	sep, _, ok := encodedChar(delim)
	if !ok {
		c.fault("bad delimiter")
		return "", nil
	}
	if value == "" || delim == "" {
		return "0", nil
	}
	text = mapASCII(text, 'A', 'Z')
	at := 0
	for field := range strings.SplitSeq(value, string([]byte{sep})) {
		if at++; mapASCII(field, 'A', 'Z') == text {
			return strconv.Itoa(at), nil
		}
	}
	return "0", nil
}

// listFilter is LISTFILTER(name,delimiter,text). The delimiter may have several bytes; an empty one is a comma. An
// empty last field always stays.
func listFilter(ctx context.Context, c *Call) (string, error) {
	value, delim, text, ok, err := c.list(ctx)
	if !ok || value == "" {
		return "", err
	}
	sep, ok := encoded(delim)
	if !ok {
		c.fault(`\x without a hexadecimal digit`)
	}
	if sep == "" {
		sep = ","
	}
	b := make([]byte, 0, len(value))
	count := 0
	for field, rest, more := "", value, true; more; {
		field, rest, more = strings.Cut(rest, sep)
		if field == text && (more || field != "") {
			continue
		}
		if count++; count > 1 {
			b = append(b, sep...)
		}
		b = append(b, field...)
	}
	return string(b), nil
}

// encoded reads characters that may be escapes. It ends at a zero byte, or at a wrong escape; then ok is false.
func encoded(s string) (text string, ok bool) {
	var b []byte
	for s != "" {
		ch, rest, ok := encodedChar(s)
		if !ok || ch == 0 {
			return string(b), ok
		}
		b, s = append(b, ch), rest
	}
	return string(b), true
}
