package amisync

import (
	"context"
	"errors"
	"time"
)

// exchange has one question answered, on an idle connection or a fresh one.
func (a *asker) exchange(ctx context.Context, q question) (string, error) {
	for {
		c, fresh, err := a.connection(ctx)
		if err != nil {
			return "", cannot(err)
		}
		value := ""
		if err = a.booted(ctx, c); err == nil {
			value, err = a.answer(ctx, c, q)
		}
		lost := c.err() != nil
		a.release(c)
		if err == nil {
			return value, nil
		}
		if fresh || ctx.Err() != nil || !lost {
			return "", cannot(err)
		} // a connection that was lost since the last call: once more on another one
	}
}

func (a *asker) answer(ctx context.Context, c *conn, q question) (string, error) {
	if q.action == "Getvar" {
		return a.evaluate(ctx, c, q.value)
	}
	answer, err := c.do(ctx, q.action, message{q.field: q.value})
	return answer["Value"], err
}

// connection takes an idle one, or a fresh one where there is none. There are never more than turns.
func (a *asker) connection(ctx context.Context) (c *conn, fresh bool, err error) {
	if a.target.address == "" {
		return nil, false, errors.New("no address of asterisk is set")
	}
	a.mu.Lock()
	for c == nil && len(a.idle) > 0 {
		last := len(a.idle) - 1
		c, a.idle = a.idle[last], a.idle[:last]
		if c.err() != nil {
			c = nil
		}
	}
	a.mu.Unlock()
	if c != nil {
		return c, false, nil
	}
	if c, err = connect(ctx, a.target, nil); err != nil {
		return nil, false, plainError(err)
	}
	return c, true, nil
}

// release gives a connection back. One that is lost is closed before the next is opened, so that there is never one more.
func (a *asker) release(c *conn) {
	if c.err() != nil {
		c.bridge.closeUp()
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, c)
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
