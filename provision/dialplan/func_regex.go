package dialplan

import (
	"context"
	"errors"
	"strings"
)

// matches is REGEX("expression" text): 1 where the expression is found in the text.
// What stands before the first quote is ignored, and one blank behind the second.
func matches(ctx context.Context, c *Call) (string, error) {
	pattern, text, ok := quoted(c.Args)
	if !ok {
		c.fault(`want "expression" text`)
		return "", nil
	}
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t") {
		text = text[1:]
	}
	re, err := posix(pattern, text)
	switch {
	case errors.Is(err, errAsk):
		return c.ask(ctx)
	case err != nil:
		c.fault("bad regular expression: " + err.Error())
		return "", nil
	}
	return truth(re.MatchString(text)), nil
}

// quoted is what stands between the first quote and the next, and the rest. A
// backslash is taken away and leaves the character behind it as it is.
func quoted(s string) (inside, rest string, ok bool) {
	_, s, _ = strings.Cut(s, `"`)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
