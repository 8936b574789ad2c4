package ami

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// listAnswer gathers the answer to an action that returns a list: the events between its Response and its Complete event. amigo
// hands them out one by one, among all other events.
type listAnswer struct {
	id       string
	untagged string // the name of the entries' events if they have no ActionID, as those of IAXpeers
	items    []Message
	bytes    int // the memory of the items
	most     int // bounds bytes
	err      error
	end      chan struct{}
}

// Bounds of a list answer, against a peer that never ends it.
const (
	// maxListItems is ten times the endpoints of the largest site we know of.
	maxListItems = 200_000
	// MaxListBytes bounds the memory of the entries, in bytes: 100,000 endpoints of PJSIPShowEndpoints have some 150 MB.
	MaxListBytes = 256 << 20
)

var ErrListTooLong = fmt.Errorf("asterisk sent a list of more than %d entries or %d MiB", maxListItems, MaxListBytes>>20)

// add appends an entry, or ends the list if there are too many.
func (l *listAnswer) add(m Message) {
	l.bytes += m.Size()
	if len(l.items) < maxListItems && l.bytes <= l.most {
		l.items = append(l.items, m)
		return
	}
	l.items = nil
	l.finish(ErrListTooLong)
}

// finish ends the list. It is called once.
func (l *listAnswer) finish(err error) {
	l.err = err
	close(l.end)
}

// take reports whether an event belongs to the list, and takes it into account if it does.
func (l *listAnswer) take(m Message) bool {
	switch id := m["ActionID"]; {
	case id == "" && l.untagged != "" && m["Event"] == l.untagged:
	case id != l.id:
		return false
	}
	select {
	case <-l.end: // an entry after the end
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

// List sends an action that Asterisk answers with a list, and returns the entries in order.
func (c *Conn) List(ctx context.Context, action string, fields Message) ([]Message, error) {
	if err := c.lockAction(ctx, action); err != nil {
		return nil, err
	}
	defer c.unlockAction()
	l := &listAnswer{id: rand.Text(), most: c.maxListBytes, end: make(chan struct{})}
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
