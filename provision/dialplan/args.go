package dialplan

import "strings"

// Split splits the arguments at commas into at most n parts, as most functions do. It removes quotes and backslashes,
// except in the n-th part, which is the unchanged rest.
func (c *Call) Split(n int) []string { return c.splitAt(c.Args, ',', n) }

// SplitRaw is Split without removing quotes and backslashes.
func (c *Call) SplitRaw(n int) []string { return split(c.Args, c.Plain(c.Args), ',', n, false) }

// splitAt splits function arguments at sep into at most n parts, as most Asterisk functions do. A separator within
// quotes, () or [] or after a backslash does not count. It removes quotes and backslashes, except in the n-th part,
// which is the unchanged rest. An empty s has no parts.
func (c *Call) splitAt(s string, sep byte, n int) []string { return split(s, c.Plain(s), sep, n, true) }

// CutArgument splits an option's value as Asterisk splits the arguments of an application: at the first sep that is not
// within quotes, () or [] or after a backslash. It removes the argument's quotes and backslashes, and the blanks around
// it unless they are quoted. The rest is unchanged.
func CutArgument(text string, sep byte) (argument, rest string, more bool) {
	written, rest, more := nextArg(text, text, sep, false)
	written = strings.TrimSpace(written)
	argument, _, _ = nextArg(written, written, noSeparator, true)
	return argument, rest, more
}

// noSeparator is a byte that no option's value has.
const noSeparator = 0

// split splits s. It looks for separators, quotes and brackets in plain, which is s without marks.
func split(s, plain string, sep byte, n int, unquote bool) []string {
	if s == "" {
		return nil
	}
	var parts []string
	for len(parts) < n-1 {
		part, rest, more := nextArg(s, plain, sep, unquote)
		parts = append(parts, part)
		if !more && unquote && part == "" && strings.Contains(s, `"`) {
			parts = append(parts, "") // nothing but quotes counts as two arguments
		}
		if !more {
			return parts
		}
		s, plain = rest, plain[len(plain)-len(rest):]
	}
	return append(parts, s)
}

// nextArg returns the text before the next separator, and the rest after it.
func nextArg(s, plain string, sep byte, unquote bool) (part, rest string, more bool) {
	var b strings.Builder
	parens, brackets, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := plain[i]; {
		case c == sep && parens == 0 && brackets == 0 && !quoted:
			return b.String(), s[i+1:], true
		case c == '\\':
			if !unquote {
				b.WriteByte(s[i])
			}
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
			continue
		case c == '"' && sep != '"':
			quoted = !quoted
			if unquote {
				continue
			}
		case c == '(':
			parens++
		case c == ')' && parens > 0:
			parens--
		case c == '[':
			brackets++
		case c == ']' && brackets > 0:
			brackets--
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", false
}

// SplitText splits the arguments at commas for phoneprov's own functions, whose first argument is a text. A comma
// within double quotes, parentheses or brackets or after a backslash does not count. It removes the backslash and
// leaves the quotes. There is at least one part and there are at most n; the n-th is the unchanged rest.
func (c *Call) SplitText(n int) []string {
	s, plain := c.Args, c.Plain(c.Args)
	var parts []string
	var part strings.Builder
	nested, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := plain[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			part.WriteByte(s[i])
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			nested++
		case (c == ')' || c == ']') && nested > 0:
			nested--
		case c == ',' && nested == 0:
			parts = append(parts, part.String())
			part.Reset()
			if len(parts) == n-1 {
				return append(parts, s[i+1:])
			}
			continue
		}
		part.WriteByte(s[i])
	}
	return append(parts, part.String())
}

// arg returns the i-th part, or "" if there is none.
func arg(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// encodedChar reads one character that may be an escape:
//
// \r \t \\, \xHH, or \0 with up to three octal digits. Any other escaped character is itself. ok is false for a \x
// without a hexadecimal digit.
func encodedChar(s string) (c byte, rest string, ok bool) {
	if s == "" {
		return 0, "", true
	}
	if s[0] != '\\' {
		return s[0], s[1:], true
	}
	if s = s[1:]; s == "" {
		return 0, "", true
	}
	switch s[0] {
	case 'n':
		return '\n', s[1:], true
	case 'r':
		return '\r', s[1:], true
	case 't':
		return '\t', s[1:], true
	case 'x':
		return hexChar(s[1:])
	case '0':
		return octalChar(s[1:])
	}
	return s[0], s[1:], true
}

func hexChar(s string) (c byte, rest string, ok bool) {
	i := 0
	for ; i < 2 && i < len(s); i++ {
		d := strings.IndexByte("0123456789abcdef", s[i]|0x20)
		if d < 0 {
			break
		}
		c = c<<4 | byte(d)
	}
	return c, s[i:], i > 0
}

func octalChar(s string) (c byte, rest string, ok bool) {
	i := 0
	for ; i < 3 && i < len(s) && s[i] >= '0' && s[i] <= '7'; i++ {
		c = c<<3 | (s[i] - '0')
	}
	return c, s[i:], true
}
