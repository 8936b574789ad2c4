package dialplan

import (
	"context"
	"errors"
	"strings"
)

// matches is REGEX("expression" text): 1 if the expression is found in the text. It ignores the text before the first
// quote, and one blank after the second. Quotes separate the arguments as commas do in other functions.
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
	case errors.Is(err, errOnlyAsterisk):
		return c.ask(ctx)
	case err != nil:
		c.fault("bad regular expression: " + err.Error())
		return "", nil
	}
	at, err := re.Find(ctx, text)
	return truth(at != nil), err
}
