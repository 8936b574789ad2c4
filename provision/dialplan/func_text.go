package dialplan

import (
	"context"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

func upper(_ context.Context, c *Call) (string, error) { return mapASCII(c.Args, 'a', 'z'), nil }

func lower(_ context.Context, c *Call) (string, error) { return mapASCII(c.Args, 'A', 'Z'), nil }

// mapASCII flips the case of the letters from..to. Other bytes stay, those of UTF-8 too.
func mapASCII(s string, from, to byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= from && c <= to {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

func length(_ context.Context, c *Call) (string, error) { return strconv.Itoa(len(c.Args)), nil }

func isNull(_ context.Context, c *Call) (string, error) { return truth(c.Args == ""), nil }

func exists(_ context.Context, c *Call) (string, error) { return truth(c.Args != ""), nil }

// variableExists is VARIABLE_EXISTS(name). An empty variable exists. EPOCH does not.
func variableExists(ctx context.Context, c *Call) (string, error) {
	_, ok, err := c.ex.find(ctx, c.Args)
	return truth(ok), err
}

// passThrough is for functions that want the name of a variable: it passes them a text.
func passThrough(_ context.Context, c *Call) (string, error) { return c.Args, nil }

func truth(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// eval expands its argument again. It is the only function that takes a value for a template.
func eval(ctx context.Context, c *Call) (string, error) {
	if c.Args == "" {
		c.fault("no argument")
		return "", nil
	}
	return c.inline(ctx, c.Args)
}

func quote(_ context.Context, c *Call) (string, error) {
	b := make([]byte, 0, len(c.Args)+len(c.Args)/8+2)
	b = append(b, '"')
	plain := c.Plain(c.Args)
	for i := range len(c.Args) {
		if plain[i] == '"' || plain[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c.Args[i])
	}
	return string(append(b, '"')), nil
}

func csvQuote(_ context.Context, c *Call) (string, error) {
	return `"` + strings.ReplaceAll(c.Args, `"`, `""`) + `"`, nil
}

// keypadHash drops characters that are on no key. 0 and 1 have no letters.
func keypadHash(_ context.Context, c *Call) (string, error) {
	const keys = "22233344455566677778889999" // a to z
	b := make([]byte, 0, len(c.Args))
	for i := range len(c.Args) {
		switch ch := c.Args[i]; {
		case ch >= '0' && ch <= '9':
			b = append(b, ch)
		case ch >= 'A' && ch <= 'Z':
			b = append(b, keys[ch-'A'])
		case ch >= 'a' && ch <= 'z':
			b = append(b, keys[ch-'a'])
		}
	}
	return string(b), nil
}

// choose is IF(condition?then:else).
func choose(_ context.Context, c *Call) (string, error) {
	parts := c.splitAt(c.Args, '?', 2)
	condition := strings.TrimSpace(c.Plain(arg(parts, 0)))
	branches := c.splitAt(arg(parts, 1), ':', 2)
	then, otherwise := c.trim(arg(branches, 0)), c.trim(arg(branches, 1))
	if arg(parts, 0) == "" || (then == "" && otherwise == "") {
		c.fault("want condition?then:else")
		return "", nil
	}
	if condition == "" {
		return otherwise, nil
	}
	if n, _, number := cnum.ScanInt(condition); number && n == 0 {
		return otherwise, nil
	}
	return then, nil
}

// trim removes what Asterisk takes for blanks: every byte up to the space.
func (c *Call) trim(s string) string {
	plain := c.Plain(s)
	for plain != "" && plain[0] <= ' ' {
		s, plain = s[1:], plain[1:]
	}
	for plain != "" && plain[len(plain)-1] <= ' ' {
		s, plain = s[:len(s)-1], plain[:len(plain)-1]
	}
	return s
}
