package dialplan

import (
	"context"
	"strings"
)

// blanks are C's isspace.
const blanks = " \t\n\v\f\r"

func trimLeft(_ context.Context, c *Call) (string, error) {
	return strings.TrimLeft(c.Args, blanks), nil
}

// trimRight never takes away the first byte: Asterisk does not look at it.
func trimRight(_ context.Context, c *Call) (string, error) {
	if c.Args == "" {
		return "", nil
	}
	return c.Args[:1] + strings.TrimRight(c.Args[1:], blanks), nil
}

func trimBoth(_ context.Context, c *Call) (string, error) {
	return strings.Trim(c.Args, blanks), nil
}
