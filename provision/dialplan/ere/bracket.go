package ere

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bracket translates a bracket expression:
//
//	bracket = "[" [ "^" ] item { item } "]"
//	item    = "[:" name ":]" | "[=" char "=]" | end [ "-" end ]
//	end     = char | "[." char ".]"
//
// A `]` that comes first is a character, and so is a `-` that comes first or last. The ends of a range are ASCII, and so is
// the character between = or dots, because glibc has no order for the others.
func (t *translator) bracket() error {
	var b strings.Builder
	rest := t.rest[1:]
	b.WriteByte('[')
	if strings.HasPrefix(rest, "^") {
		b.WriteByte('^')
		rest = rest[1:]
	}
	for first := true; first || !strings.HasPrefix(rest, "]"); first = false {
		class, n, err := t.item(rest)
		if err != nil {
			return err
		}
		b.WriteString(class)
		rest = rest[n:]
		// A range or a class cannot begin another range.
		if strings.HasPrefix(rest, "-") && !strings.HasPrefix(rest, "-]") {
			return errors.New("bad range")
		}
	}
	b.WriteByte(']')
	t.write(len(t.rest)-len(rest)+1, b.String(), len(t.out))
	return nil
}

// item returns an item in Go's syntax, and its length in s.
func (t *translator) item(s string) (class string, n int, err error) {
	switch {
	case strings.HasPrefix(s, "[:"):
		name, n, err := enclosed(s)
		if class, ok := t.class(name); ok && err == nil {
			return class, n, nil
		}
		return "", 0, errors.New("bad character class")
	case strings.HasPrefix(s, "[="):
		name, n, err := enclosed(s)
		if len(name) != 1 || name[0] >= utf8.RuneSelf || err != nil {
			return "", 0, errors.New("bad equivalence class")
		}
		return inClass(rune(name[0])), n, nil
	}
	from, n, err := rangeEnd(s)
	if err != nil || !strings.HasPrefix(s[n:], "-") || strings.HasPrefix(s[n:], "-]") {
		return inClass(from), n, err
	}
	to, m, err := rangeEnd(s[n+1:])
	if err == nil && (from > to || to >= utf8.RuneSelf) {
		err = errors.New("bad range")
	}
	return inClass(from) + "-" + inClass(to), n + 1 + m, err
}

// rangeEnd reads one end of a range.
func rangeEnd(s string) (r rune, n int, err error) {
	switch {
	case s == "":
		return 0, 0, errors.New("missing ]")
	case strings.HasPrefix(s, "[."):
		name, n, err := enclosed(s)
		if len(name) != 1 || name[0] >= utf8.RuneSelf || err != nil {
			return 0, 0, errors.New("bad collating element")
		}
		return rune(name[0]), n, nil
	case strings.HasPrefix(s, "[=") || strings.HasPrefix(s, "[:"):
		return 0, 0, errors.New("bad range")
	}
	r, n = utf8.DecodeRuneInString(s)
	return r, n, nil
}

// enclosed returns the text within [: :], [= =] or [. .], and its length with the brackets.
func enclosed(s string) (name string, n int, err error) {
	end := strings.Index(s[2:], s[1:2]+"]")
	if end < 0 {
		return "", 0, errors.New("missing ]")
	}
	return s[2 : end+2], end + 4, nil
}

// inClass writes a character for use within brackets of Go.
func inClass(r rune) string { return fmt.Sprintf(`\x{%x}`, r) }

// letters returns the inside of the brackets that stand for \w or \s.
func (t *translator) letters(c byte) string {
	name, more := "alnum", "_"
	if c == 's' {
		name, more = "space", ""
	}
	class, _ := t.class(name)
	return class + more
}

// class returns the items of a named class in Go's syntax.
func (t *translator) class(name string) (string, bool) {
	switch name {
	case "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit":
	default:
		return "", false
	}
	class := "[:" + name + ":]"
	if !t.ascii {
		class += wide(name)
	}
	return class, true
}

// Spaces that are not ASCII: those at which a line may break, and those at which it may not.
const (
	wideSpaces   = `\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{205f}\x{3000}`
	fixedSpaces  = `\x{a0}\x{2007}\x{202f}`
	lineAndParas = `\x{2028}\x{2029}`
)

// wide returns the characters of a class beyond ASCII, as in the UTF-8 locale of Asterisk 22. There digits of other
// scripts are letters.
func wide(name string) string {
	switch name {
	case "alpha":
		return `\pL\p{Nl}` + ranges(unicode.Nd, nil) + ranges(unicode.Other_Alphabetic, nil)
	case "alnum":
		return `\pL\p{Nl}\p{Nd}` + ranges(unicode.Other_Alphabetic, nil)
	case "upper":
		return `\p{Lu}\p{Lt}` + ranges(unicode.Other_Uppercase, nil)
	case "lower":
		return `\p{Ll}` + ranges(unicode.Other_Lowercase, nil)
	case "blank":
		return wideSpaces
	case "space":
		return wideSpaces + lineAndParas
	case "cntrl":
		return `\x{80}-\x{9f}` + lineAndParas
	case "punct":
		return `\pP\pS\p{No}\p{Cf}\p{Co}` + fixedSpaces + ranges(unicode.M, unicode.Other_Alphabetic)
	case "graph":
		return `\pL\pM\pN\pP\pS\p{Cf}\p{Co}` + fixedSpaces
	case "print":
		return `\pL\pM\pN\pP\pS\p{Cf}\p{Co}` + fixedSpaces + wideSpaces
	}
	return ""
}

// ranges returns the characters of a table that are not ASCII, without those of except.
func ranges(table, except *unicode.RangeTable) string {
	var b strings.Builder
	add := func(from, to, stride rune) {
		for r := from; r <= to; r += stride {
			if r >= utf8.RuneSelf && (except == nil || !unicode.Is(except, r)) {
				b.WriteString(inClass(r))
			}
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return b.String()
}
