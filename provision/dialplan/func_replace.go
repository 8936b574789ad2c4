package dialplan

import (
	"context"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// charSet is a set of bytes.
type charSet [256]bool

// filter is FILTER(allowed,text).
func filter(_ context.Context, c *Call) (string, error) {
	parts := c.SplitRaw(2)
	if len(parts) < 2 {
		c.fault("want allowed,text")
		return "", nil
	}
	set, ok := c.ranges(c.Plain(parts[0]))
	if !ok {
		return "", nil
	}
	text, plain := parts[1], c.Plain(parts[1])
	b := make([]byte, 0, len(text))
	for i := range len(text) {
		if set[plain[i]] {
			b = append(b, text[i])
		}
	}
	return string(b), nil
}

// ranges reads characters and ranges such as `0-9A-F\x2d`. A range may wrap.
func (c *Call) ranges(s string) (set charSet, ok bool) {
	for s != "" {
		from, rest, ok := encodedChar(s)
		if !ok {
			c.fault(`\x without a hexadecimal digit`)
			return set, false
		}
		to := from
		if strings.HasPrefix(rest, "-") {
			if rest = rest[1:]; rest != "" {
				if to, rest, ok = encodedChar(rest); !ok {
					c.fault(`\x without a hexadecimal digit`)
					return set, false
				}
			}
		}
		for ch := from; ; ch++ {
			set[ch] = true
			if ch == to {
				break
			}
		}
		s = rest
	}
	return set, true
}

// replace is REPLACE(name,characters[,character]).
func replace(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	if len(parts) < 2 {
		c.fault("want name,characters[,character]")
		return "", nil
	}
	set, empty := charSet{}, true
	for s := c.Plain(parts[1]); s != ""; {
		ch, rest, ok := encodedChar(s)
		if !ok || ch == 0 {
			break
		}
		set[ch], empty, s = true, false, rest
	}
	if empty || parts[0] == "" {
		c.fault("no name or no characters")
		return "", nil
	}
	by := c.replacement(arg(parts, 2))
	value, err := c.named(ctx, parts[0])
	if err != nil {
		return "", err
	}
	plain := c.Plain(value)
	b := make([]byte, 0, len(value))
	for i := range len(value) {
		switch {
		case !set[plain[i]]:
			b = append(b, value[i])
		case by != 0:
			b = append(b, by)
		}
	}
	return string(b), nil
}

// replacement returns the character at the beginning of an argument. A character that is written as an escape is text
// and no markup, whoever wrote it.
func (c *Call) replacement(s string) byte {
	by, _, _ := encodedChar(s)
	if by != 0 && strings.HasPrefix(s, `\`) && by != s[1] {
		return c.ex.run.mark(string([]byte{by}))[0]
	}
	return by
}

// strReplace is STRREPLACE(name,find[,replacement[,most]]).
func strReplace(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(5)
	if len(parts) < 2 {
		c.fault("want name,find[,replacement[,most]]")
		return "", nil
	}
	if parts[0] == "" || parts[1] == "" {
		c.fault("no name or nothing to find")
		return "", nil
	}
	value, err := c.named(ctx, parts[0])
	if err != nil {
		return "", err
	}
	find, by := c.Plain(parts[1]), arg(parts, 2)
	most, _, _ := cnum.ScanInt(arg(parts, 3))
	if most <= 0 {
		most = -1
	}
	plain := c.Plain(value)
	found := strings.Count(plain, find)
	if most > 0 {
		found = min(found, most)
	}
	if len(value)+found*(len(by)-len(find)) > c.ex.run.Output {
		return "", ErrTooLong
	}
	var b strings.Builder
	for range found {
		at := strings.Index(plain, find)
		b.WriteString(value[:at])
		b.WriteString(by)
		value, plain = value[at+len(find):], plain[at+len(find):]
	}
	return b.String() + value, nil
}

// strBetween is STRBETWEEN(name,text): the value with the text between its bytes.
func strBetween(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	if len(parts) != 2 || parts[0] == "" {
		c.fault("want name,text")
		return "", nil
	}
	value, err := c.named(ctx, parts[0])
	if err != nil || value == "" {
		return "", err
	}
	if len(value)+(len(value)-1)*len(parts[1]) > c.ex.run.Output {
		return "", ErrTooLong
	}
	b := make([]byte, 0, len(value)*(1+len(parts[1])))
	for i := range len(value) {
		if i > 0 {
			b = append(b, parts[1]...)
		}
		b = append(b, value[i])
	}
	return string(b), nil
}
