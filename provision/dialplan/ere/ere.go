package ere

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// Compile compiles a POSIX extended regular expression with GNU's additions \w \W \s \S \b \B \` \'. Back references,
// \< and \>, and \b and \B in a text that is not ASCII, are ErrUnsupported.
//
// sure is false if the groups may differ from glibc's: a group that may be empty is repeated, or an empty alternative
// competes with an anchor.
//
// The error is a *TooLargeError, ErrUnsupported, or the context's. Any other error says what is wrong with the pattern,
// without quoting it.
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
	case tooOften(err), err == nil && t.unsupported:
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

// tooOften reports whether Go finds a repetition too large. bounds has already refused those that glibc refuses.
func tooOften(err error) bool {
	var bad *syntax.Error
	return errors.As(err, &bad) && bad.Code == syntax.ErrInvalidRepeatSize
}

// withoutPattern returns the error without the pattern that it quotes.
func withoutPattern(err error) error {
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return errors.New(bad.Code.String())
	}
	return errors.New("not understood")
}

// ErrUnsupported means that Go's regular expressions cannot give the answer that glibc gives.
var ErrUnsupported = errors.New("not to be answered by Go's regular expressions")

// TooLargeError means that an expression, or its use on a text, would take more work than the bounds allow.
type TooLargeError struct{ what string }

func (e *TooLargeError) Error() string { return e.what }

// translator writes a POSIX expression in Go's syntax.
type translator struct {
	ctx         context.Context
	rest        string
	ascii       bool // the text is ASCII
	out         []byte
	atom        int     // where the part of out begins that a repetition would repeat; -1: there is none
	repeated    bool    // the atom has a repetition already
	groups      []group // the open groups; the first is the whole expression
	opened      int
	branch      int      // where the current alternative begins in out
	closed      [10]bool // which groups are closed, by number
	unsupported bool     // the expression has what Go does not support
	anchored    int      // where the last anchor ends in out
	unsure      bool     // which repetition a group shows may differ from glibc
}

// group is an open group: its number, where it begins in out, and whether it has an empty alternative that is not
// written yet.
type group struct {
	number, at int
	empty      bool
}

// emptyLast writes the empty alternative of the innermost group. glibc tries it last, wherever it stands.
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

// write consumes n bytes of the pattern and appends s. atom is where the new atom begins; -1: there is none.
func (t *translator) write(n int, s string, atom int) {
	t.rest = t.rest[n:]
	t.out = append(t.out, s...)
	t.atom, t.repeated = atom, false
}

// anchor writes an anchor.
func (t *translator) anchor(n int, s string) {
	t.write(n, s, -1)
	t.anchored = len(t.out)
}

// escape translates a backslash and the character after it.
func (t *translator) escape() error {
	if len(t.rest) < 2 {
		return errors.New("trailing backslash")
	}
	at := len(t.out)
	switch c := t.rest[1]; {
	case c >= '1' && c <= '9':
		if !t.closed[c-'0'] {
			return errors.New("reference to a group that is not closed")
		}
		t.unsupported = true
		t.write(2, "(?:)", at)
	case c == '<' || c == '>':
		t.unsupported = true
		t.anchor(2, "")
	case c == 'w' || c == 's':
		t.write(2, "["+t.letters(c)+"]", at)
	case c == 'W' || c == 'S':
		t.write(2, "[^"+t.letters(c|0x20)+"]", at)
	case c == 'b' || c == 'B':
		t.unsupported = t.unsupported || !t.ascii
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

// repeat repeats the atom. It puts the atom into a group if it is repeated already.
func (t *translator) repeat(n int, s string) error {
	if t.atom < 0 {
		return errors.New("nothing to repeat")
	}
	if err := t.ctx.Err(); err != nil { // emptyGroup is expensive
		return err
	}
	t.unsure = t.unsure || t.emptyGroup() || t.anchored > t.atom && t.groupAtom()
	if t.repeated {
		grouped := "(?:" + string(t.out[t.atom:]) + ")"
		t.out = append(t.out[:t.atom], grouped...)
	}
	t.rest = t.rest[n:]
	t.out = append(t.out, s...)
	t.repeated = true
	return nil
}

// emptyGroup reports whether the atom is a group that may match nothing. We do not know which of its repetitions
// glibc's group shows.
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

// bounds translates {n} {n,} {,m} or {n,m}.
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
