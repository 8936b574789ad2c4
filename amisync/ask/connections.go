package ask

import (
	"context"
	"errors"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// connection is a connection to Asterisk, with what is known of EVAL on it. One question uses it at a time.
type connection struct {
	*ami.Conn
	evalKnown bool // findEval has asked
	evals     bool // the account may use EVAL
}

// BootGrace is how long a new connection waits for Asterisk to say that it is booted. One that is booted says so at once.
const BootGrace = time.Second

// exchange has one question answered, on an idle connection or a fresh one.
func (a *Asker) exchange(ctx context.Context, q question) (string, error) {
	for {
		c, fresh, err := a.connection(ctx)
		if err != nil {
			return "", cannot(err)
		}
		value := ""
		if err = a.booted(ctx, c); err == nil {
			value, err = a.answer(ctx, c, q)
		}
		lost := c.Err() != nil
		a.release(c)
		if err == nil {
			return value, nil
		}
		if fresh || ctx.Err() != nil || !lost {
			return "", cannot(err)
		} // a connection that was lost since the last call: once more on another one
	}
}

func (a *Asker) answer(ctx context.Context, c *connection, q question) (string, error) {
	if q.action == "Getvar" {
		return a.evaluate(ctx, c, q.value)
	}
	answer, err := c.Do(ctx, q.action, ami.Message{q.field: q.value})
	return answer["Value"], err
}

// connection takes an idle one, or a fresh one where there is none. There are never more than turns.
func (a *Asker) connection(ctx context.Context) (c *connection, fresh bool, err error) {
	if a.target.Address == "" {
		return nil, false, errors.New("no address of asterisk is set")
	}
	a.mu.Lock()
	for c == nil && len(a.idle) > 0 {
		last := len(a.idle) - 1
		c, a.idle = a.idle[last], a.idle[:last]
		if c.Err() != nil {
			c = nil
		}
	}
	a.mu.Unlock()
	if c != nil {
		return c, false, nil
	}
	opened, err := ami.Connect(ctx, a.target, nil)
	if err != nil {
		return nil, false, ami.PlainError(err)
	}
	return &connection{Conn: opened}, true, nil
}

// release gives a connection back. One that is lost is closed before the next is opened, so that there is never one more.
func (a *Asker) release(c *connection) {
	if c.Err() != nil {
		c.CloseSocket()
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, c)
}

// booted waits for an Asterisk that is starting: before all is loaded it gives an empty value for every function.
func (a *Asker) booted(ctx context.Context, c *connection) error {
	heard, err := c.AwaitBoot(ctx, BootGrace-time.Since(c.Since()))
	if heard || err != nil || a.assumeBooted() {
		return err
	}
	_, err = c.AwaitBoot(ctx, forever)
	return err
}
