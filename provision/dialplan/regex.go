package dialplan

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// match is `:` (the match must begin with the text) or `=~` (it may lie anywhere).
// It yields the first group, or the length of the match where there is no group or
// the group took no part.
func (p *exprParser) match(op string, a, b operand) (operand, error) {
	text, pattern := a.unquoted(), b.unquoted()
	re, err := posix(pattern, text)
	switch {
	case errors.Is(err, errAsk):
		return operand{}, err
	case err != nil:
		p.diag("bad regular expression: %v", err)
		return computed(""), nil
	}
	at := re.FindStringSubmatchIndex(text)
	switch {
	case at != nil && (op == "=~" || at[0] == 0):
		if len(at) > 2 && at[2] >= 0 {
			return computed(text[at[2]:at[3]]), nil
		}
		return numberOperand(newNumber(int64(at[1] - at[0]))), nil
	case re.NumSubexp() > 0:
		return computed(""), nil
	}
	return boolean(false), nil
}

// posix compiles an extended regular expression of POSIX with GNU's additions
// \w \W \s \S \b \B \` \'. Back references, \<, \> and the repetition of a group
// that may be empty are Asterisk's to answer, and which characters of a text beyond
// ASCII are letters.
func posix(pattern, text string) (*regexp.Regexp, error) {
	t := translator{rest: pattern, atom: -1}
	for t.rest != "" {
		if err := t.step(); err != nil {
			return nil, err
		}
	}
	re, err := regexp.Compile("(?s:" + string(t.out) + ")")
	if tooOften(err) || t.classes && !ascii(text) {
		return nil, errAsk
	}
	if err != nil {
		return nil, withoutPattern(err)
	}
	re.Longest()
	return re, nil
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// tooOften tells of a repetition that Go finds too large; bounds has seen that it is
// none that is bad.
func tooOften(err error) bool {
	var bad *syntax.Error
	return errors.As(err, &bad) && bad.Code == syntax.ErrInvalidRepeatSize
}

// withoutPattern is what is wrong with a pattern, less the pattern.
func withoutPattern(err error) error {
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return errors.New(bad.Code.String())
	}
	return errors.New("not understood")
}

// translator writes a POSIX expression in Go's syntax.
type translator struct {
	rest     string
	out      []byte
	atom     int   // where in out begins what a repetition would repeat; -1: nothing
	repeated bool  // the atom has a repetition already
	groups   []int // where the open groups begin
	classes  bool  // there is a class such as [:alpha:] or \w
}

// step translates one item.
func (t *translator) step() error {
	switch c := t.rest[0]; {
	case c == '\\':
		return t.escape()
	case c == '[':
		return t.bracket()
	case c == '*' || c == '+' || c == '?':
		return t.repeat(1, string(c))
	case c == '{':
		return t.bounds()
	case c == '(':
		t.groups = append(t.groups, len(t.out))
		t.write(1, "(", -1)
	case c == ')' && len(t.groups) > 0:
		start := t.groups[len(t.groups)-1]
		t.groups = t.groups[:len(t.groups)-1]
		t.write(1, ")", start)
	case c == ')':
		t.write(1, `\)`, len(t.out))
	case c == '|' || c == '^' || c == '$':
		t.write(1, string(c), -1)
	default:
		_, n := utf8.DecodeRuneInString(t.rest)
		t.write(n, t.rest[:n], len(t.out))
	}
	return nil
}

// write takes n bytes of the pattern and gives s, which belongs to the atom.
func (t *translator) write(n int, s string, atom int) {
	t.rest = t.rest[n:]
	t.out = append(t.out, s...)
	t.atom, t.repeated = atom, false
}

// escape takes a backslash and the character behind it.
func (t *translator) escape() error {
	if len(t.rest) < 2 {
		return errors.New("trailing backslash")
	}
	at := len(t.out)
	switch c := t.rest[1]; {
	case c >= '1' && c <= '9', c == '<', c == '>':
		return errAsk
	case strings.IndexByte("wWsS", c) >= 0:
		t.classes = true
		t.write(2, t.rest[:2], at)
	case c == 'b' || c == 'B':
		t.classes = true
		t.write(2, t.rest[:2], -1)
	case c == '`':
		t.write(2, `\A`, -1)
	case c == '\'':
		t.write(2, `\z`, -1)
	case c >= utf8.RuneSelf:
		t.rest = t.rest[1:]
	default:
		t.write(2, regexp.QuoteMeta(t.rest[1:2]), at)
	}
	return nil
}

// repeat gives a repetition of the atom, in a group if it has one already.
func (t *translator) repeat(n int, s string) error {
	if t.atom < 0 {
		return errors.New("nothing to repeat")
	}
	if t.emptyGroup() {
		return errAsk
	}
	if t.repeated {
		again := "(?:" + string(t.out[t.atom:]) + ")"
		t.out = append(t.out[:t.atom], again...)
	}
	t.rest = t.rest[n:]
	t.out = append(t.out, s...)
	t.repeated = true
	return nil
}

// emptyGroup tells whether the atom is a group that may match nothing: which of its
// repetitions the group then shows is glibc's secret.
func (t *translator) emptyGroup() bool {
	group := string(t.out[t.atom:])
	if !strings.HasPrefix(group, "(") {
		return false
	}
	re, err := regexp.Compile("^" + group + "$")
	return err == nil && re.MatchString("")
}

// maxRepeat is how often glibc repeats an atom at most.
const maxRepeat = 1<<15 - 1

func tooMany(digits string) bool {
	return len(strings.TrimLeft(digits, "0")) > 5 || atoi(digits) > maxRepeat
}

// bounds takes {n} {n,} {,m} or {n,m}.
func (t *translator) bounds() error {
	inside, _, closed := strings.Cut(t.rest[1:], "}")
	least, most, comma := strings.Cut(inside, ",")
	switch {
	case !closed:
		return errors.New("missing }")
	case !isDigits(least) && (least != "" || !comma), !isDigits(most) && most != "":
		return errors.New("bad repetition")
	case least == "":
		least = "0"
	}
	if tooMany(least) || tooMany(most) || most != "" && atoi(least) > atoi(most) {
		return errors.New("bad repetition")
	}
	n := len(inside) + 2
	if comma {
		return t.repeat(n, "{"+least+","+most+"}")
	}
	return t.repeat(n, "{"+least+"}")
}

// bracket takes a bracket expression. Go takes more of its inside for special.
func (t *translator) bracket() error {
	n, err := bracketLen(t.rest)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteByte('[')
	inside := t.rest[1 : n-1]
	if strings.HasPrefix(inside, "^") {
		b.WriteByte('^')
		inside = inside[1:]
	}
	for inside != "" {
		if end := strings.Index(inside, ":]"); end > 0 && strings.HasPrefix(inside, "[:") {
			t.classes = true
			b.WriteString(inside[:end+2])
			inside = inside[end+2:]
			continue
		}
		if strings.IndexByte(`\[]^`, inside[0]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(inside[0])
		inside = inside[1:]
	}
	b.WriteByte(']')
	t.write(n, b.String(), len(t.out))
	return nil
}

// bracketLen is the length of the bracket expression at the start of s.
func bracketLen(s string) (int, error) {
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		i++
	}
	if strings.HasPrefix(s[i:], "]") {
		i++
	}
	for i < len(s) {
		if s[i] == ']' {
			return i + 1, nil
		}
		if s[i] == '[' && i+1 < len(s) && strings.IndexByte(":.=", s[i+1]) >= 0 {
			end := strings.Index(s[i+2:], s[i+1:i+2]+"]")
			if end < 0 {
				break
			}
			i += end + 3
		}
		i++
	}
	return 0, errors.New("missing ]")
}
