package dialplan

import (
	"context"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

func trimLeft(_ context.Context, c *Call) (string, error) {
	return strings.TrimLeft(c.Args, cnum.Blanks), nil
}

// trimRight never removes the first byte, because Asterisk does not check it.
func trimRight(_ context.Context, c *Call) (string, error) {
	if c.Args == "" {
		return "", nil
	}
	return c.Args[:1] + strings.TrimRight(c.Args[1:], cnum.Blanks), nil
}

func trimBoth(_ context.Context, c *Call) (string, error) {
	return strings.Trim(c.Args, cnum.Blanks), nil
}
