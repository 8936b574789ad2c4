package amisync

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// do sends one action and returns its answer. An answer other than Success is an *ActionError.
func (c *conn) do(ctx context.Context, action string, fields message) (message, error) {
	if err := c.takeTurn(ctx, action); err != nil {
		return nil, err
	}
	defer c.endTurn()
	return c.roundTrip(ctx, action, rand.Text(), fields)
}

// ping finds out whether Asterisk is still there, unless an action is under way, which has a deadline of its own.
func (c *conn) ping(ctx context.Context) {
	select {
	case c.turn <- struct{}{}:
		defer c.endTurn()
		if _, err := c.roundTrip(ctx, "Ping", rand.Text(), nil); err != nil {
			c.fail(err)
		}
	default:
	}
}

func (c *conn) takeTurn(ctx context.Context, action string) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-c.done:
		return c.err()
	case <-ctx.Done():
		return lateError(action, ctx)
	}
}

func (c *conn) endTurn() { <-c.turn }

// roundTrip does one action in this goroutine's turn.
func (c *conn) roundTrip(ctx context.Context, action, id string, fields message) (message, error) {
	m := map[string]string{"Action": action, "ActionID": id}
	for name, value := range fields {
		m[name] = value
	}
	if err := checkFields(m); err != nil {
		return nil, err
	}
	answer, err := c.send(ctx, action, id, m)
	if err != nil {
		return nil, err
	}
	switch answer["Response"] {
	case "Success", "Goodbye":
		return answer, nil
	case "Error":
		return nil, &ActionError{Action: action, User: c.target.username, Message: strings.TrimSpace(answer["Message"])}
	}
	err = fmt.Errorf("asterisk answered %s with %q", action, answer["Response"])
	c.fail(err)
	return nil, err
}

func (c *conn) send(ctx context.Context, action, id string, m map[string]string) (message, error) {
	c.mu.Lock()
	if c.cause != nil {
		c.mu.Unlock()
		return nil, c.err()
	}
	c.pending = id
	c.actions.Add(1)
	c.mu.Unlock()

	answers := make(chan map[string]string, 1)
	go func() {
		defer c.actions.Done()
		answer, err := c.amigo.Action(m)
		if err != nil {
			c.fail(err)
		}
		answers <- answer
	}()
	select {
	case answer := <-answers:
		if err := c.err(); err != nil { // the answer may be the one that ended the wait, see reap
			return nil, err
		}
		return decode(answer), nil
	case <-ctx.Done():
		c.fail(lateError(action, ctx))
	case <-c.done:
	}
	return nil, c.err()
}
