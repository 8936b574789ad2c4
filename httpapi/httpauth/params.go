package httpauth

import "strings"

// parseParams parses the parameters of an Authorization header: name=value or name="value", with commas between them
// (RFC 9110, 11.2). Names are returned in lower case. ok is false if a name occurs twice, or for any other form.
func parseParams(s string) (map[string]string, bool) {
	params := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t,") // a list may have empty elements
		if s == "" {
			return params, true
		}
		name, rest := cutToken(s)
		rest, ok := strings.CutPrefix(trimBlanks(rest), "=")
		if name == "" || !ok {
			return nil, false
		}
		value, rest, ok := cutValue(trimBlanks(rest))
		name = strings.ToLower(name)
		if _, twice := params[name]; twice || !ok {
			return nil, false
		}
		params[name] = value
		s = trimBlanks(rest)
		if s != "" && s[0] != ',' {
			return nil, false
		}
	}
}

func trimBlanks(s string) string { return strings.TrimLeft(s, " \t") }

func cutToken(s string) (token, rest string) {
	i := 0
	for i < len(s) && isTokenByte(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// cutValue cuts a token or a quoted string off, and removes its quotes and backslashes.
func cutValue(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c == '"' {
			return b.String(), s[i+1:], true
		}
		if c == '\\' && i+1 < len(s) {
			i++
			c = s[i]
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", "", false
		}
		b.WriteByte(c)
	}
	return "", "", false
}
