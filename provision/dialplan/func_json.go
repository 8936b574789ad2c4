package dialplan

import (
	"context"
	"math/big"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// maxJSON bounds the JSON that is read, in bytes. A variable of a configuration file has at most 8,190, and the tree
// takes about fifty times as much.
const maxJSON = 1 << 20

// jsonDecode is JSON_DECODE(name,key[,separator[,options]]).
func jsonDecode(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(4)
	if arg(parts, 0) == "" || arg(parts, 1) == "" {
		c.fault("want name,key[,separator[,options]]")
		return "", nil
	}
	sep := arg(parts, 2)
	if len(sep) > 1 {
		c.fault("the separator is not one character: it is taken for a dot")
	}
	if len(sep) != 1 {
		sep = "."
	}
	count := c.countOption(arg(parts, 3))
	text, err := c.named(ctx, parts[0])
	if err != nil || text == "" {
		return "", err
	}
	if len(text) > maxJSON {
		return "", ErrTooLong
	}
	root, ok := parseJSON(text)
	if !ok {
		c.fault("not JSON")
		return "", nil
	}
	return jsonText(jsonAt(root, strings.Split(parts[1], sep)), count), nil
}

// countOption reports whether c is among the options. An option may have an argument in parentheses, which is ignored.
func (c *Call) countOption(options string) (count bool) {
	for options != "" {
		option := options[0]
		options = options[1:]
		if strings.HasPrefix(options, "(") {
			end := closingParen(options)
			if end < 0 {
				c.fault("missing ')' in the options")
				return count
			}
			options = options[end+1:]
		}
		if option == 'c' {
			count = true
		} else {
			c.fault("unknown option")
		}
	}
	return count
}

// closingParen returns the index of the `)` for the `(` at the beginning of s, or -1. It ignores parentheses in quotes
// and after backslashes.
func closingParen(s string) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// jsonAt follows the keys, or indexes of arrays, until there is a value without children; it ignores the remaining
// keys. nil: there is no such value.
func jsonAt(value any, keys []string) any {
	for _, key := range keys {
		switch v := value.(type) {
		case *jsonObject:
			value = v.values[key]
		case []any:
			i, err := strconv.Atoi(strings.TrimLeft(key, cnum.Blanks))
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return value
		}
	}
	return value
}

// jsonText writes a value as JSON_DECODE does. Asterisk reads an integer as a C int, which keeps its low 32 bits.
func jsonText(value any, count bool) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return truth(v)
	case int64:
		return strconv.Itoa(int(int32(v)))
	case float64:
		return cnum.FormatG(big.NewFloat(v), 17)
	case []any:
		if count {
			return strconv.Itoa(len(v))
		}
		return string(appendJSON(nil, value))
	case *jsonObject:
		return string(appendJSON(nil, value))
	}
	return ""
}

// jsonEscape is JSON_ESCAPE(text): the inside of a string (RFC 8259, 7). Bytes that are not UTF-8 become U+FFFD.
func jsonEscape(_ context.Context, c *Call) (string, error) {
	quoted := appendJSONString(nil, strings.ToValidUTF8(c.Args, "\uFFFD"))
	if len(quoted) > c.ex.run.Output {
		return "", ErrTooLong
	}
	return string(quoted[1 : len(quoted)-1]), nil
}
