package dialplan

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// named returns the value of the variable, slice or function call that an argument names without the ${}.
func (c *Call) named(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	return c.inline(ctx, "${"+name+"}")
}

// cut is CUT(name,delimiter,fields).
func cut(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	if len(parts) < 3 {
		c.fault("want name,delimiter,fields")
		return "", nil
	}
	delim, _, ok := encodedChar(c.Plain(parts[1]))
	if parts[1] == "" {
		delim = '-'
	}
	if !ok {
		c.fault("bad delimiter")
		return "", nil
	}
	value, err := c.named(ctx, parts[0])
	if err != nil || value == "" {
		return "", err
	}
	fields, by := c.fields(value, delim)
	return c.pick(fields, c.Plain(parts[2]), by), nil
}

// fields splits a value at a character. by is that character as the value has it, with its mark. A NUL splits nothing.
func (c *Call) fields(value string, delim byte) (fields []string, by string) {
	plain := c.Plain(value)
	at := strings.IndexByte(plain, delim)
	for ; delim != 0 && at >= 0; at = strings.IndexByte(plain, delim) {
		fields, by = append(fields, value[:at]), value[at:at+1]
		value, plain = value[at+1:], plain[at+1:]
	}
	return append(fields, value), by
}

// pick joins the fields of a list such as "1&3-4&6-". A range continues after the end of the last one: earlier fields
// are not taken again.
func (c *Call) pick(fields []string, list, delim string) string {
	var out []string
	at := 1
	for spec := range strings.SplitSeq(list, "&") {
		if at > len(fields) {
			break // Asterisk ignores the rest
		}
		from, to, ok := fieldRange(spec)
		if !ok {
			c.fault("bad field")
			return ""
		}
		at = max(at, from)
		if at > to && from <= to {
			c.fault("a field comes before the last one that was taken")
		}
		for ; at <= to && at <= len(fields); at++ {
			out = append(out, fields[at-1])
		}
	}
	return strings.Join(out, delim)
}

// fieldRange reads "2", "2-", "-2" or "2-3".
func fieldRange(s string) (from, to int, ok bool) {
	if rest, found := strings.CutPrefix(s, "-"); found {
		to, _, ok = cnum.ScanInt(rest)
		return 0, to, ok
	}
	from, rest, ok := cnum.ScanInt(s)
	if !ok {
		return 0, 0, false
	}
	if rest, found := strings.CutPrefix(rest, "-"); found {
		if to, _, ok := cnum.ScanInt(rest); ok {
			return from, to, true
		}
		return from, math.MaxInt32, true
	}
	return from, from, true
}

// fieldQty is FIELDQTY(name,delimiter).
func fieldQty(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(2)
	if len(parts) < 2 {
		return "1", nil
	}
	value, err := c.named(ctx, parts[0])
	if err != nil {
		return "", err
	}
	delim, _, ok := encodedChar(parts[1])
	switch {
	case value == "":
		return "0", nil
	case !ok || delim == 0:
		return "1", nil
	}
	return strconv.Itoa(1 + strings.Count(value, string([]byte{delim}))), nil
}
