package dialplan

import "strings"

// Split takes the arguments apart at commas, as most functions do: at most n parts,
// without their quotes and backslashes but for the n-th, which is the rest as it is.
func (c *Call) Split(n int) []string { return c.splitAt(c.Args, ',', n) }

// SplitRaw is Split that leaves quotes and backslashes where they are.
func (c *Call) SplitRaw(n int) []string { return split(c.Args, c.Plain(c.Args), ',', n, false) }

// splitAt takes function arguments apart as most Asterisk functions do: at sep,
// but not within quotes, (), [] or behind a backslash, into at most n parts.
// Quotes and backslashes are taken away, except in the n-th part, which is the
// whole rest as it is. No arguments at all are no part.
func (c *Call) splitAt(s string, sep byte, n int) []string { return split(s, c.Plain(s), sep, n, true) }

// CutArgument takes the first argument of an option's value that Asterisk splits
// as an application's arguments: up to the first sep that is not within quotes, (),
// [] or behind a backslash. Its quotes and backslashes are taken away, and so are
// blanks around it, but for blanks in quotes. The rest is as it is written.
func CutArgument(text string, sep byte) (argument, rest string, more bool) {
	written, rest, more := nextArg(text, text, sep, false)
	written = strings.TrimSpace(written)
	argument, _, _ = nextArg(written, written, noSeparator, true)
	return argument, rest, more
}

// noSeparator is in no option's value.
const noSeparator = 0

// split takes s apart where plain, which is s without marks, says.
func split(s, plain string, sep byte, n int, unquote bool) []string {
	if s == "" {
		return nil
	}
	var parts []string
	for len(parts) < n-1 {
		part, rest, more := nextArg(s, plain, sep, unquote)
		parts = append(parts, part)
		if !more && unquote && part == "" && strings.Contains(s, `"`) {
			parts = append(parts, "") // quotes alone count as two arguments
		}
		if !more {
			return parts
		}
		s, plain = rest, plain[len(plain)-len(rest):]
	}
	return append(parts, s)
}

// nextArg reads up to the next separator.
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

// arg is the i-th part, or "" where there is none.
func arg(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// encodedChar reads one character that may be an escape: \n \r \t \\, \xHH,
// \0 with up to three octal digits; another escaped character is itself. The
// error says what is wrong with a hexadecimal one.
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
