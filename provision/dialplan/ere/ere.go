package ere

import (
	"context"
	"errors"
	"fmt"
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Compile compiles an extended regular expression of POSIX with GNU's additions
// \w \W \s \S \b \B \` \'. Back references, \<, \> and, in text that is not ASCII,
// \b and \B are Asterisk's to answer. What a group shows is not sure where one that may
// be empty is repeated, or an empty alternative competes with an anchor.
//
// The error is a *TooLargeError, ErrUnsupported where only Asterisk can answer, or the context's; any other error says
// what is wrong with the pattern, and has nothing of the pattern in it.
func Compile(ctx context.Context, pattern, text string) (m Machine, sure bool, err error) {
	if len(pattern) > maxPattern {
		return Machine{}, false, &TooLargeError{fmt.Sprintf("a regular expression of %d bytes, %d at most", len(pattern), maxPattern)}
	}
	t := translator{ctx: ctx, rest: pattern, ascii: ascii(text), atom: -1, groups: make([]group, 1)}
	for t.rest != "" {
		if err := t.step(); err != nil {
			return Machine{}, false, err
		}
	}
	t.emptyLast()
	re, err := regexp.Compile("(?s:" + string(t.out) + ")")
	switch {
	case tooOften(err), err == nil && t.ask:
		return Machine{}, false, ErrUnsupported
	case err != nil:
		return Machine{}, false, withoutPattern(err)
	}
	re.Longest()
	m, err = newMachine(re, text)
	return m, !t.unsure, err
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

// ErrUnsupported means that Go's regular expressions cannot answer as glibc's would.
var ErrUnsupported = errors.New("not to be answered by Go's regular expressions")

// TooLargeError is an expression, or one for a text, that would take more work than the bounds allow.
type TooLargeError struct{ what string }

func (e *TooLargeError) Error() string { return e.what }

// translator writes a POSIX expression in Go's syntax.
type translator struct {
	ctx      context.Context
	rest     string
	ascii    bool // the text is
	out      []byte
	atom     int     // where in out begins what a repetition would repeat; -1: nothing
	repeated bool    // the atom has a repetition already
	groups   []group // that are open; the first is the whole
	opened   int
	branch   int      // where the alternative begins
	closed   [10]bool // groups, by number
	ask      bool     // there is what Go has not
	anchored int      // where the last anchor ends
	unsure   bool     // which repetition a group shows
}

// group is an open one: its number, where in out it begins, and whether it has an
// empty alternative that is not written yet.
type group struct {
	number, at int
	empty      bool
}

// emptyLast writes the empty alternative of the last group, which glibc tries last
// wherever it stands.
func (t *translator) emptyLast() {
	last := t.groups[len(t.groups)-1]
	if last.empty {
		t.write(0, "|", -1)
	}
	alternatives := strings.HasSuffix(string(t.out[last.at:]), "|")
	empty := last.empty || alternatives && len(t.out) == t.branch
	t.unsure = t.unsure || empty && t.anchored > last.at
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
		t.opened++
		t.groups = append(t.groups, group{number: t.opened, at: len(t.out)})
		t.write(1, "(", -1)
		t.branch = len(t.out)
	case c == ')' && len(t.groups) > 1:
		t.emptyLast()
		last := t.groups[len(t.groups)-1]
		t.groups = t.groups[:len(t.groups)-1]
		if last.number < len(t.closed) {
			t.closed[last.number] = true
		}
		t.write(1, ")", last.at)
	case c == ')':
		t.write(1, `\)`, len(t.out))
	case c == '|' && len(t.out) == t.branch:
		t.groups[len(t.groups)-1].empty = true
		t.write(1, "", -1)
	case c == '|':
		t.write(1, "|", -1)
		t.branch = len(t.out)
	case c == '^' || c == '$':
		t.anchor(1, string(c))
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

// anchor writes what matches a place.
func (t *translator) anchor(n int, s string) {
	t.write(n, s, -1)
	t.anchored = len(t.out)
}

// escape takes a backslash and the character behind it.
func (t *translator) escape() error {
	if len(t.rest) < 2 {
		return errors.New("trailing backslash")
	}
	at := len(t.out)
	switch c := t.rest[1]; {
	case c >= '1' && c <= '9':
		if !t.closed[c-'0'] {
			return errors.New("reference to a group that is not whole")
		}
		t.ask = true
		t.write(2, "(?:)", at)
	case c == '<' || c == '>':
		t.ask = true
		t.anchor(2, "")
	case c == 'w' || c == 's':
		t.write(2, "["+t.letters(c)+"]", at)
	case c == 'W' || c == 'S':
		t.write(2, "[^"+t.letters(c|0x20)+"]", at)
	case c == 'b' || c == 'B':
		t.ask = t.ask || !t.ascii
		t.anchor(2, t.rest[:2])
	case c == '`':
		t.anchor(2, `\A`)
	case c == '\'':
		t.anchor(2, `\z`)
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
	if err := t.ctx.Err(); err != nil { // emptyGroup compiles what there is
		return err
	}
	t.unsure = t.unsure || t.emptyGroup() || t.anchored > t.atom && t.groupAtom()
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
	if !t.groupAtom() {
		return false
	}
	re, err := regexp.Compile("^" + string(t.out[t.atom:]) + "$")
	return err == nil && re.MatchString("")
}

func (t *translator) groupAtom() bool { return t.out[t.atom] == '(' }

// maxRepeat is how often glibc repeats an atom at most.
const maxRepeat = 1<<15 - 1

func tooMany(digits string) bool {
	return len(strings.TrimLeft(digits, "0")) > 5 || cnum.Atoi(digits) > maxRepeat
}

// bounds takes {n} {n,} {,m} or {n,m}.
func (t *translator) bounds() error {
	inside, _, closed := strings.Cut(t.rest[1:], "}")
	least, most, comma := strings.Cut(inside, ",")
	switch {
	case !closed:
		return errors.New("missing }")
	case !cnum.IsDigits(least) && (least != "" || !comma), !cnum.IsDigits(most) && most != "":
		return errors.New("bad repetition")
	case least == "":
		least = "0"
	}
	if tooMany(least) || tooMany(most) || most != "" && cnum.Atoi(least) > cnum.Atoi(most) {
		return errors.New("bad repetition")
	}
	n := len(inside) + 2
	if comma {
		return t.repeat(n, "{"+least+","+most+"}")
	}
	return t.repeat(n, "{"+least+"}")
}
