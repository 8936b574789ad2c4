package dialplan

import (
	"context"
	"errors"
	"fmt"
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"github.com/phoneprov/phoneprov/provision/dialplan/ere"
)

// match is `:` (the match must begin with the text) or `=~` (it may lie anywhere).
// It yields the first group, or the length of the match where there is no group or
// the group took no part.
func (p *exprParser) match(op string, a, b operand) (operand, error) {
	text, pattern := a.unquoted(), b.unquoted()
	re, sure, err := compileRegex(p.ctx, pattern, text)
	switch {
	case errors.Is(err, errAsk), err == nil && !sure:
		return operand{}, errAsk
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

// compileRegex compiles a regular expression for a text. The error is errAsk where Asterisk must answer. It is ErrTooMuchWork or
// the context's where it ends the expansion (mustEnd). Any other error says what is wrong with the pattern.
func compileRegex(ctx context.Context, pattern, text string) (m ere.Machine, sure bool, err error) {
	m, sure, err = ere.Compile(ctx, pattern, text)
	var tooLarge *ere.TooLargeError
	switch {
	case errors.Is(err, ere.ErrUnsupported):
		err = errAsk
	case errors.As(err, &tooLarge):
		err = fmt.Errorf("%w: %w", ErrTooMuchWork, err)
	}
	return m, sure, err
}

// mustEnd tells whether an error ends the expansion, while a bad expression is only told.
func mustEnd(err error) bool {
	return errors.Is(err, ErrTooMuchWork) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
