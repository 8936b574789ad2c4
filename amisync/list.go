package amisync

import (
	"context"
	"crypto/rand"
	"fmt"
)

// list gathers a list answer: the events between its Response and its Complete event, which amigo hands out one by one
// among all others.
type list struct {
	id       string
	untagged string // the event of IAXpeers' entries, which carry no ActionID
	items    []message
	err      error
	end      chan struct{}
}

// take keeps an event that belongs to the list.
func (l *list) take(m message) bool {
	switch id := m["ActionID"]; {
	case id == "" && l.untagged != "" && m["Event"] == l.untagged:
		l.items = append(l.items, m)
		return true
	case id != l.id:
		return false
	}
	select {
	case <-l.end: // more than was announced
		return true
	default:
	}
	switch m["EventList"] {
	case "":
		l.items = append(l.items, m)
	case "Complete":
		if n := m["ListItems"]; n != "" && n != fmt.Sprint(len(l.items)) {
			l.err = fmt.Errorf("%s: asterisk sent %d of %s entries", m["Event"], len(l.items), n)
		}
		close(l.end)
	default:
		l.err = fmt.Errorf("%s: asterisk ended its answer early: %s", m["Event"], m["EventList"])
		close(l.end)
	}
	return true
}

// ask sends an action that is answered with a list, and returns its entries in order.
func (c *conn) ask(ctx context.Context, action string, fields message) ([]message, error) {
	if err := c.takeTurn(ctx, action); err != nil {
		return nil, err
	}
	defer c.endTurn()
	l := &list{id: rand.Text(), end: make(chan struct{})}
	if action == "IAXpeers" {
		l.untagged = "PeerEntry"
	}
	c.gather(l)
	defer c.gather(nil)
	if _, err := c.roundTrip(ctx, action, l.id, fields); err != nil {
		return nil, err
	}
	select {
	case <-l.end:
		return l.items, l.err
	case <-ctx.Done():
		c.fail(lateError(action, ctx))
	case <-c.done:
	}
	return nil, c.err()
}

func (c *conn) gather(l *list) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = l
}
