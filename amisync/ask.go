package amisync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// asker asks Asterisk for function calls, on a connection of its own that is opened when it is needed.
type asker struct {
	target  target
	timeout time.Duration
	taken   func() bool   // whether an Asterisk that does not say so may be taken for booted
	turn    chan struct{} // one call at a time

	life  context.Context // of calls: some go on when nobody waits for them any more
	end   context.CancelFunc
	calls sync.WaitGroup

	mu     sync.Mutex
	conn   *conn
	closed bool
}

func newAsker(t target, timeout time.Duration, taken func() bool) *asker {
	t.events = "system" // FullyBooted among them
	a := &asker{target: t, timeout: timeout, taken: taken, turn: make(chan struct{}, 1)}
	a.life, a.end = context.WithCancel(context.Background())
	return a
}

// ask returns the value of a call such as "DB(family/key)". Where Asterisk cannot be asked, or does not answer in time,
// the error is a dialplan.ErrCannotAsk. An unknown function and an empty value look the same: "".
func (a *asker) ask(ctx context.Context, call string) (string, error) {
	answer, err := a.do(ctx, "Getvar", message{"Variable": call})
	return answer["Value"], err
}

// commandFailed is Asterisk's Message where a command of the CLI fails, as "core show function" does for a name that is
// none; where the command may not be given, it is another.
const commandFailed = "Command output follows"

// knows reports whether Asterisk has a function of that name. It needs the right to write "command".
func (a *asker) knows(ctx context.Context, function string) (bool, error) {
	if strings.Trim(function, functionBytes) != "" {
		return false, nil
	}
	_, err := a.do(ctx, "Command", message{"Command": "core show function " + function})
	var refused *ActionError
	if errors.As(err, &refused) && refused.Message == commandFailed {
		return false, nil
	}
	return err == nil, err
}

// functionBytes are those of a function's name, among which none ends or adds to a command.
const functionBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// leastTime is the part of the timeout that a call must have left when its turn comes: one that is late ends the
// connection, which those behind it need.
const leastTime = 4

// do has one action answered, in its turn and in time. A call whose caller has gone runs on to its deadline.
func (a *asker) do(ctx context.Context, action string, fields message) (message, error) {
	for name, value := range fields {
		if err := checkField(name, value); err != nil {
			return nil, err
		}
	}
	deadline := time.Now().Add(a.timeout)
	if err := a.takeTurn(ctx, deadline); err != nil {
		return nil, cannot(err)
	}
	var answer message
	var err error
	answered := make(chan struct{})
	go func() {
		defer a.endTurn()
		defer close(answered)
		own, cancel := context.WithDeadline(a.life, deadline)
		defer cancel()
		answer, err = a.exchange(own, action, fields)
	}()
	select {
	case <-answered:
		return answer, err
	case <-ctx.Done():
		return nil, cannot(lateError(action, ctx))
	}
}

func (a *asker) takeTurn(ctx context.Context, deadline time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-a.timeout/leastTime))
	defer cancel()
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return lateError("wait for a turn", ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		<-a.turn
		return errClosed
	}
	a.calls.Add(1)
	return nil
}

func (a *asker) endTurn() {
	<-a.turn
	a.calls.Done()
}

// exchange has one action answered, on the connection there is or a fresh one.
func (a *asker) exchange(ctx context.Context, action string, fields message) (message, error) {
	for {
		c, fresh, err := a.connection(ctx)
		if err != nil {
			return nil, cannot(err)
		}
		var answer message
		if err = a.booted(ctx, c); err == nil {
			answer, err = c.do(ctx, action, fields)
		}
		if err == nil {
			return answer, nil
		}
		if fresh || ctx.Err() != nil || c.err() == nil {
			return nil, cannot(err)
		} // a connection that was lost since the last call: once more on a new one
	}
}

// booted waits for an Asterisk that is starting: before all is loaded it gives an empty value for every function.
func (a *asker) booted(ctx context.Context, c *conn) error {
	heard, err := c.awaitBoot(ctx, onceBoot-time.Since(c.since))
	if heard || err != nil || a.taken() {
		return err
	}
	_, err = c.awaitBoot(ctx, forever)
	return err
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

// close ends the connection and the call that is under way. Calls from now on fail.
func (a *asker) close() {
	a.mu.Lock()
	c := a.conn
	a.closed = true
	a.mu.Unlock()
	a.end()
	if c != nil {
		c.close()
	}
	a.calls.Wait()
}
