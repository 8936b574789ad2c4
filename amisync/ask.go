package amisync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// asker asks Asterisk for function calls, on a connection of its own that is opened when it is needed.
type asker struct {
	target  target
	timeout time.Duration
	turn    chan struct{} // one call at a time

	mu     sync.Mutex
	conn   *conn
	closed bool
}

func newAsker(t target, timeout time.Duration) *asker {
	t.events = "off"
	return &asker{target: t, timeout: timeout, turn: make(chan struct{}, 1)}
}

// ask returns the value of a call such as "DB(family/key)". Where Asterisk cannot be asked, or does not answer in time,
// the error is a dialplan.ErrCannotAsk. An unknown function and an empty value look the same: "".
func (a *asker) ask(ctx context.Context, call string) (string, error) {
	if err := checkField("Variable", call); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return "", cannot(lateError("wait for a turn", ctx))
	}
	for {
		c, fresh, err := a.connection(ctx)
		if err != nil {
			return "", cannot(err)
		}
		answer, err := c.do(ctx, "Getvar", message{"Variable": call})
		if err == nil {
			return answer["Value"], nil
		}
		if fresh || ctx.Err() != nil || c.err() == nil {
			return "", cannot(err)
		} // a connection that was lost since the last call: once more on a new one
	}
}

func cannot(err error) error { return fmt.Errorf("%w: %w", dialplan.ErrCannotAsk, err) }

// connection returns the one there is, or a fresh one.
func (a *asker) connection(ctx context.Context) (c *conn, fresh bool, err error) {
	a.mu.Lock()
	c = a.conn
	closed := a.closed
	a.mu.Unlock()
	switch {
	case closed:
		return nil, false, errClosed
	case a.target.address == "":
		return nil, false, errors.New("no address of asterisk is set")
	case c != nil && c.err() == nil:
		return c, false, nil
	}
	if c, err = connect(ctx, a.target, nil); err != nil {
		return nil, false, plainError(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		c.fail(errClosed)
		return nil, false, errClosed
	}
	a.conn = c
	return c, true, nil
}

// close ends the connection. Calls from now on fail.
func (a *asker) close() {
	a.mu.Lock()
	c := a.conn
	a.closed = true
	a.mu.Unlock()
	if c != nil {
		c.close()
	}
}
