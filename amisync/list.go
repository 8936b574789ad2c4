package amisync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// list gathers a list answer: the events between its Response and its Complete event, which amigo hands out one by one
// among all others.
type list struct {
	id       string
	untagged string // the event of IAXpeers' entries, which carry no ActionID
	items    []message
	bytes    int // that they take
	err      error
	end      chan struct{}
}

// Bounds of a list answer: a peer that never ends it must not fill the memory.
const (
	// maxListItems is ten times the endpoints of the largest site we know of.
	maxListItems = 200_000
	// maxListBytes bounds what they take, in bytes: 100,000 endpoints of PJSIPShowEndpoints are some 150 MB.
	maxListBytes = 256 << 20
)

var errListTooLong = fmt.Errorf("asterisk sent a list of more than %d entries or %d MiB", maxListItems, maxListBytes>>20)

// add keeps an entry, unless there are too many.
func (l *list) add(m message) {
	l.bytes += m.size()
	if len(l.items) < maxListItems && l.bytes <= maxListBytes {
		l.items = append(l.items, m)
		return
	}
	l.items = nil
	l.finish(errListTooLong)
}

// finish ends the list; the first reason counts.
func (l *list) finish(err error) {
	l.err = err
	close(l.end)
}

// take keeps an event that belongs to the list.
func (l *list) take(m message) bool {
	switch id := m["ActionID"]; {
	case id == "" && l.untagged != "" && m["Event"] == l.untagged:
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
		l.add(m)
	case "Complete":
		var err error
		if n := m["ListItems"]; n != "" && n != fmt.Sprint(len(l.items)) {
			err = fmt.Errorf("%s: asterisk sent %d of %s entries", m["Event"], len(l.items), n)
		}
		l.finish(err)
	default:
		l.finish(fmt.Errorf("%s: asterisk ended its answer early: %s", m["Event"], m["EventList"]))
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
		if errors.Is(l.err, errListTooLong) { // it may never end
			c.fail(l.err)
		}
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
