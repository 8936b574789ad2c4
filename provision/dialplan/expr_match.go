package dialplan

import (
	"context"
	"errors"
	"fmt"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"github.com/phoneprov/phoneprov/provision/dialplan/ere"
)

// match is `:` (the match must begin with the text) or `=~` (it may lie anywhere). The result is the first group. If
// there is no group, or the group took no part in the match, it is the length of the match.
func (p *exprParser) match(op string, a, b operand) (operand, error) {
	text, pattern := a.unquoted(), b.unquoted()
	re, sure, err := compileRegex(p.ctx, pattern, text)
	switch {
	case errors.Is(err, errOnlyAsterisk), err == nil && !sure:
		return operand{}, errOnlyAsterisk
	case mustEnd(err):
		return operand{}, err
	case err != nil:
		p.diag("bad regular expression: %v", err)
		return computed(""), nil
	}
	at, err := re.Find(p.ctx, text)
	switch {
	case err != nil:
		return operand{}, err
	case at != nil && (op == "=~" || at[0] == 0):
		if len(at) > 2 && at[2] >= 0 {
			return computed(text[at[2]:at[3]]), nil
		}
		return numberOperand(cnum.New(int64(at[1] - at[0]))), nil
	case re.NumSubexp() > 0:
		return computed(""), nil
	}
	return boolean(false), nil
}

// compileRegex compiles a regular expression for a text. The error is errOnlyAsterisk if only Asterisk can answer, and
// one for which mustEnd is true if the expansion must end. Any other error says what is wrong with the pattern.
func compileRegex(ctx context.Context, pattern, text string) (m ere.Machine, sure bool, err error) {
	m, sure, err = ere.Compile(ctx, pattern, text)
	var tooLarge *ere.TooLargeError
	switch {
	case errors.Is(err, ere.ErrUnsupported):
		err = errOnlyAsterisk
	case errors.As(err, &tooLarge):
		err = fmt.Errorf("%w: %w", ErrTooMuchWork, err)
	}
	return m, sure, err
}

// mustEnd reports whether an error ends the expansion. An error in the pattern does not: it is only reported.
func mustEnd(err error) bool {
	return errors.Is(err, ErrTooMuchWork) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
