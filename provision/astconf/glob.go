package astconf

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxBraces bounds the number of patterns that {a,b}{a,b}… expands to.
const maxBraces = 4096

// expandBraces expands {a,b} as glob(3) does with GLOB_BRACE, in the order written. Braces that are empty or not closed
// are text.
func expandBraces(pattern string) ([]string, error) {
	done, todo := []string(nil), []string{pattern}
	for len(todo) > 0 {
		if len(done)+len(todo) > maxBraces {
			return nil, fmt.Errorf("%w: braces stand for more than %d names", ErrLimit, maxBraces)
		}
		first := todo[0]
		open, parts, rest := firstBraces(first)
		if parts == nil {
			done, todo = append(done, first), todo[1:]
			continue
		}
		expanded := make([]string, len(parts))
		for i, part := range parts {
			expanded[i] = first[:open] + part + rest
		}
		todo = append(expanded, todo[1:]...)
	}
	return done, nil
}

// firstBraces finds the first pair of braces that is not {} and splits its inside at the commas. If there is none,
// parts is nil.
func firstBraces(s string) (open int, parts []string, rest string) {
	for open = 0; open < len(s); open++ {
		switch {
		case s[open] == '\\':
			open++
			continue
		case s[open] != '{' || strings.HasPrefix(s[open:], "{}"):
			continue
		}
		level, start := 0, open+1
		for i := open + 1; i < len(s); i++ {
			switch {
			case s[i] == '\\':
				i++
			case s[i] == '{':
				level++
			case s[i] == ',' && level == 0:
				parts, start = append(parts, s[start:i]), i+1
			case s[i] == '}' && level == 0:
				return open, append(parts, s[start:i]), s[i+1:]
			case s[i] == '}':
				level--
			}
		}
		return open, nil, ""
	}
	return open, nil, ""
}

// translate converts a pattern of glob(3) into one of filepath.Match. Without magic, the pattern matches one name only.
func translate(pattern string) (goPattern string, magic bool) {
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '\\':
			if i++; i < len(pattern) {
				out.WriteString(pattern[i-1 : i+1])
			} else {
				out.WriteString(`\\`)
			}
		case '/':
			if !strings.HasSuffix(out.String(), "/") {
				out.WriteByte(c)
			}
		case '*', '?':
			magic = true
			out.WriteByte(c)
		case '[':
			set, n := bracket(pattern[i:])
			if n == 0 {
				set, n = `\[`, 1
			} else {
				magic = true
			}
			out.WriteString(set)
			i += n - 1
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), magic
}

// hasMagic reports whether a translated pattern has a wildcard.
func hasMagic(goPattern string) bool {
	_, magic := translate(goPattern)
	return magic
}

// bracket translates the [set] at the beginning of s. n is its length in s; it is 0 if the set does not end within the
// path element.
func bracket(s string) (set string, n int) {
	var out strings.Builder
	i := 1
	out.WriteByte('[')
	if i < len(s) && (s[i] == '!' || s[i] == '^') {
		out.WriteByte('^')
		i++
	}
	for first := i; i < len(s) && s[i] != '/'; {
		if s[i] == ']' && i > first {
			return out.String() + "]", i + 1
		}
		if class, length := posixClass(s[i:]); length > 0 {
			out.WriteString(class)
			i += length
			continue
		}
		lo, length := setChar(s[i:])
		hi := lo
		i += length
		if i+1 < len(s) && s[i] == '-' && s[i+1] != ']' {
			hi, length = setChar(s[i+1:])
			i += 1 + length
		}
		out.WriteString(`\` + lo)
		if hi != lo {
			out.WriteString(`-\` + hi)
		}
	}
	return "", 0
}

// setChar reads one character of a set. Go's patterns cannot express half of a UTF-8 character, so that becomes a
// character that no name has.
func setChar(s string) (char string, length int) {
	escaped := 0
	if s[0] == '\\' && len(s) > 1 {
		escaped = 1
	}
	r, n := utf8.DecodeRuneInString(s[escaped:])
	if r == utf8.RuneError && n == 1 {
		return "\x00", escaped + 1
	}
	return s[escaped : escaped+n], escaped + n
}

// posixClass translates [:digit:] and similar classes.
func posixClass(s string) (ranges string, length int) {
	for _, c := range [...]struct{ name, ranges string }{
		{"[:digit:]", "0-9"}, {"[:alpha:]", "A-Za-z"}, {"[:alnum:]", "0-9A-Za-z"}, {"[:lower:]", "a-z"},
		{"[:upper:]", "A-Z"}, {"[:xdigit:]", "0-9A-Fa-f"}, {"[:punct:]", `!-/:-@\[-` + "`{-~"}, {"[:space:]", "\t-\r "},
	} {
		if strings.HasPrefix(s, c.name) {
			return c.ranges, len(c.name)
		}
	}
	return "", 0
}

// visible sorts matches and removes those that begin with a dot where a wildcard matched it, as glob(3) does.
func visible(matches []string, pattern string) []string {
	want := strings.Split(pattern, "/")
	shown := slices.DeleteFunc(slices.Clone(matches), func(match string) bool {
		for i, part := range strings.Split(match, "/") {
			if i < len(want) && strings.HasPrefix(part, ".") && !strings.HasPrefix(want[i], ".") && !strings.HasPrefix(want[i], `\.`) {
				return true
			}
		}
		return false
	})
	slices.Sort(shown)
	return shown
}

// unescape removes the backslashes from a name without magic.
func unescape(name string) string {
	var out strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		out.WriteByte(name[i])
	}
	return out.String()
}

// escape returns a pattern that matches only that name.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
