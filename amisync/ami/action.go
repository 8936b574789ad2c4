package ami

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// Do sends an action and returns Asterisk's answer. If Asterisk answers with an error, the error is an *ActionError.
func (c *Conn) Do(ctx context.Context, action string, fields Message) (Message, error) {
	if err := c.lockAction(ctx, action); err != nil {
		return nil, err
	}
	defer c.unlockAction()
	return c.roundTrip(ctx, action, rand.Text(), fields)
}

// GetConfig sends the action GetConfig, whose answer may be longer than that of any other action.
func (c *Conn) GetConfig(ctx context.Context, fields Message) (Message, error) {
	c.bridge.framer.config.Store(true)
	defer c.bridge.framer.config.Store(false)
	return c.Do(ctx, "GetConfig", fields)
}

// Ping ends the connection if Asterisk does not answer. It does nothing while an action is under way, which has a deadline.
func (c *Conn) Ping(ctx context.Context) {
	select {
	case c.acting <- struct{}{}:
		defer c.unlockAction()
		if _, err := c.roundTrip(ctx, "Ping", rand.Text(), nil); err != nil {
			c.Fail(err)
		}
	default:
	}
}

func (c *Conn) lockAction(ctx context.Context, action string) error {
	select {
	case c.acting <- struct{}{}:
		return nil
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return LateError(action, ctx)
	}
}

func (c *Conn) unlockAction() { <-c.acting }

// roundTrip sends an action and waits for its answer. The caller holds the action lock.
func (c *Conn) roundTrip(ctx context.Context, action, id string, fields Message) (Message, error) {
	m := map[string]string{"Action": action, "ActionID": id}
	for name, value := range fields {
		m[name] = value
	}
	if err := CheckFields(m); err != nil {
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
		return nil, &ActionError{Action: action, User: c.target.Username, Message: strings.TrimSpace(answer["Message"])}
	}
	err = fmt.Errorf("asterisk answered %s with %q", action, answer["Response"])
	c.Fail(err)
	return nil, err
}

func (c *Conn) send(ctx context.Context, action, id string, m map[string]string) (Message, error) {
	c.mu.Lock()
	if c.cause != nil {
		c.mu.Unlock()
		return nil, c.Err()
	}
	c.pending = id
	c.actions.Add(1)
	c.mu.Unlock()

	answers := make(chan map[string]string, 1)
	go func() {
		defer c.actions.Done()
		answer, err := c.amigo.Action(m)
		if err != nil {
			c.Fail(err)
		}
		answers <- answer
	}()
	select {
	case answer := <-answers:
		if err := c.Err(); err != nil { // it may be the answer with which reap ends the wait
			return nil, err
		}
		return decode(answer), nil
	case <-ctx.Done():
		c.Fail(LateError(action, ctx))
	case <-c.done:
	}
	return nil, c.Err()
}
