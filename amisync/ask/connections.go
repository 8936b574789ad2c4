package ask

import (
	"context"
	"errors"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// connection is a connection to Asterisk. One question uses it at a time.
type connection struct {
	*ami.Conn
	evalKnown bool // findEval has asked
	mayEval   bool // Asterisk has EVAL, and the account may use it
}

// BootGrace is how long a new connection waits for Asterisk to say that it is booted. An Asterisk that is booted says so at
// once.
const BootGrace = time.Second

// exchange asks a question on an idle connection, or on a new one. An idle connection may have been lost unnoticed: then the
// question is asked again on another one.
func (a *Asker) exchange(ctx context.Context, q question) (string, error) {
	for {
		c, isNew, err := a.connection(ctx)
		if err != nil {
			return "", cannot(err)
		}
		value := ""
		if err = a.awaitBoot(ctx, c); err == nil {
			value, err = a.send(ctx, c, q)
		}
		lost := c.Err() != nil
		a.release(c)
		switch {
		case err == nil:
			return value, nil
		case isNew || ctx.Err() != nil || !lost:
			return "", cannot(err)
		}
	}
}

func (a *Asker) send(ctx context.Context, c *connection, q question) (string, error) {
	if q.action == "Getvar" {
		return a.evaluate(ctx, c, q.value)
	}
	answer, err := c.Do(ctx, q.action, ami.Message{q.field: q.value})
	return answer["Value"], err
}

// connection returns an idle connection, or a new one if there is none. The turns bound how many there are.
func (a *Asker) connection(ctx context.Context) (c *connection, isNew bool, err error) {
	if a.target.Address == "" {
		return nil, false, errors.New("no address of asterisk is set")
	}
	if c := a.takeIdle(); c != nil {
		return c, false, nil
	}
	opened, err := ami.Connect(ctx, a.target, nil)
	if err != nil {
		return nil, false, ami.PlainError(err)
	}
	return &connection{Conn: opened}, true, nil
}

// takeIdle returns the idle connection that was used last, or nil. Lost connections are dropped.
func (a *Asker) takeIdle() *connection {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.idle) > 0 {
		last := len(a.idle) - 1
		c := a.idle[last]
		a.idle = a.idle[:last]
		if c.Err() == nil {
			return c
		}
	}
	return nil
}

// release makes a connection idle. The socket of a lost connection is closed before another one is opened, so Asterisk never
// has more connections than Options.Connections.
func (a *Asker) release(c *connection) {
	if c.Err() != nil {
		c.CloseSocket()
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, c)
}

// awaitBoot waits until Asterisk is booted, or may be assumed to be.
func (a *Asker) awaitBoot(ctx context.Context, c *connection) error {
	booted, err := c.AwaitBoot(ctx, BootGrace-time.Since(c.Since()))
	if booted || err != nil || a.assumeBooted() {
		return err
	}
	_, err = c.AwaitBoot(ctx, forever)
	return err
}
