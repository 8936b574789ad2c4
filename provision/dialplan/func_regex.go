package dialplan

import (
	"context"
	"errors"
	"strings"
)

// matches is REGEX("expression" text): 1 where the expression is found in the text.
// What stands before the first quote is ignored, and one blank behind the second. The
// quotes part it as commas do the arguments of other functions.
func matches(ctx context.Context, c *Call) (string, error) {
	parts := c.splitAt(c.Args, '"', 3)
	if len(parts) < 3 {
		c.fault(`want "expression" text`)
		return "", nil
	}
	pattern, text := parts[1], parts[2]
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
		text = text[1:]
	}
	re, _, err := compileRegex(ctx, pattern, text)
	switch {
	case mustEnd(err):
		return "", err
	case errors.Is(err, errAsk):
		return c.ask(ctx)
	case err != nil:
		c.fault("bad regular expression: " + err.Error())
		return "", nil
	}
	at, err := re.Find(ctx, text)
	return truth(at != nil), err
}
