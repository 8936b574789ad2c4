package amisync

import (
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// Large events are dropped before they fill the memory.
func TestQueueBytes(t *testing.T) {
	q := newEventQueue()
	text := strings.Repeat("x", 1<<19)
	for range 1000 {
		q.push(ami.Message{"Event": text})
		if q.bytes > maxEventsBytes {
			t.Fatalf("%d bytes wait", q.bytes)
		}
	}
	if _, overflow := q.take(); !overflow {
		t.Error("nothing was dropped")
	}
}

// amigo's reader waits for the handler. With a slow handler, events would pile up unread.
func TestAmigoHandlerMustNotBlock(t *testing.T) {
	server, address := fake(t, nil, amiserver.Options{})
	q := newEventQueue()
	c := mustConnect(t, address, q.push)
	for range maxEvents + 100 { // nobody takes them
		server.Event("Event", "DeviceStateChange", "Device", "PJSIP/6001", "State", "INUSE")
	}
	if _, err := c.Do(testkit.Within(t, 5*time.Second), "Ping", nil); err != nil {
		t.Error(err)
	}
	testkit.Eventually(t, "the loss is told", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.overflow && len(q.events) <= maxEvents
	})
}
