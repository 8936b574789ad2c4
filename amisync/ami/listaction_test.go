package ami

import (
	"errors"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
)

// A list without end ends the connection, and does not fill the memory.
func TestEndlessList(t *testing.T) {
	const most = 4 << 20
	_, address := fake(t, nil, on("PJSIPShowEndpoints", func(s *amiserver.Session, m amiserver.Message) {
		s.Send("Response", "Success", "ActionID", m["ActionID"], "EventList", "start")
		for range 2 * most / (100 << 10) {
			s.Send("Event", "EndpointList", "ActionID", m["ActionID"], "ObjectName", strings.Repeat("x", 100<<10))
		}
	}))
	c := mustConnect(t, address, nil)
	if c.maxListBytes != MaxListBytes {
		t.Errorf("the limit is %d bytes, want %d", c.maxListBytes, MaxListBytes)
	}
	c.maxListBytes = most
	_, err := c.List(t.Context(), "PJSIPShowEndpoints", nil)
	if !errors.Is(err, ErrListTooLong) || !errors.Is(c.Err(), ErrListTooLong) {
		t.Errorf("got %v, the connection has %v, want %v", err, c.Err(), ErrListTooLong)
	}
}

// A list of many short entries is bounded too.
func TestListOfManyEntries(t *testing.T) {
	l := &listAnswer{id: "1", most: MaxListBytes, end: make(chan struct{})}
	entry := Message{"Event": "E", "ActionID": "1"}
	for range maxListItems + 10 {
		l.take(entry)
	}
	if !errors.Is(l.err, ErrListTooLong) || len(l.items) > maxListItems {
		t.Errorf("got %v with %d entries", l.err, len(l.items))
	}
}
