package ami

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// listAnswer gathers a list answer: the events between its Response and its Complete event, which amigo hands out one by one
// among all others.
type listAnswer struct {
	id       string
	untagged string // the event of IAXpeers' entries, which carry no ActionID
	items    []Message
	bytes    int // that they take
	err      error
	end      chan struct{}
}

// Bounds of a list answer: a peer that never ends it must not fill the memory.
const (
	// maxListItems is ten times the endpoints of the largest site we know of.
	maxListItems = 200_000
	// MaxListBytes bounds what they take, in bytes: 100,000 endpoints of PJSIPShowEndpoints are some 150 MB.
	MaxListBytes = 256 << 20
)

var ErrListTooLong = fmt.Errorf("asterisk sent a list of more than %d entries or %d MiB", maxListItems, MaxListBytes>>20)

// add keeps an entry, unless there are too many.
func (l *listAnswer) add(m Message) {
	l.bytes += m.Size()
	if len(l.items) < maxListItems && l.bytes <= MaxListBytes {
		l.items = append(l.items, m)
		return
	}
	l.items = nil
	l.finish(ErrListTooLong)
}

// finish ends the list; the first reason counts.
func (l *listAnswer) finish(err error) {
	l.err = err
	close(l.end)
}

// take keeps an event that belongs to the list.
func (l *listAnswer) take(m Message) bool {
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

// List sends an action that is answered with a list, and returns its entries in order.
func (c *Conn) List(ctx context.Context, action string, fields Message) ([]Message, error) {
	if err := c.takeTurn(ctx, action); err != nil {
		return nil, err
	}
	defer c.endTurn()
	l := &listAnswer{id: rand.Text(), end: make(chan struct{})}
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
		if errors.Is(l.err, ErrListTooLong) { // it may never end
			c.Fail(l.err)
		}
		return l.items, l.err
	case <-ctx.Done():
		c.Fail(LateError(action, ctx))
	case <-c.done:
	}
	return nil, c.Err()
}

func (c *Conn) gather(l *listAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = l
}
