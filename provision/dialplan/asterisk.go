package dialplan

import (
	"context"
	"errors"
	"fmt"
)

// ask asks Asterisk to answer a call that stands in a segment. name is the function's name for messages.
func (x *expansion) ask(ctx context.Context, name, call string, s *segment) (string, error) {
	call = x.run.plain(call)
	x.run.varies.With |= Unpredictable
	var v Value
	var err error
	switch {
	case x.env.AskAt != nil:
		v, err = x.env.AskAt(ctx, x.question(name, call, s))
	case x.env.Ask != nil:
		v.Text, err = x.env.Ask(ctx, call)
	default:
		return "", ErrCannotAsk
	}
	x.run.varies.Add(v.Varies)
	switch {
	case err == nil:
		return x.run.mark(v.Text), nil
	case errors.Is(err, ErrPending), errors.Is(err, ErrNoFunction):
		return "", err
	}
	return "", fmt.Errorf("%w: %w", ErrCannotAsk, err)
}

func (x *expansion) question(name, call string, s *segment) Question {
	q := Question{Call: call, Function: name, Source: s.text}
	q.Template, q.Line, q.Col = x.origin(s.pos)
	for c := x.within; c != nil; c = c.ex.within {
		q.Source = c.seg.text + " " + q.Source
	}
	q.Source = x.run.plain(q.Source)
	return q
}
