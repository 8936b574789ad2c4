package amisync

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestAsk(t *testing.T) {
	var value atomic.Value
	value.Store("v")
	server, address := fake(t, nil, amiserver.Options{Function: func(call string) string { return call + "=" + value.Load().(string) }})
	s, err := New(Options{Address: address, Username: testUser, Secret: testSecret})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, call := range []string{"DB(a/b)", `IF(1?"a, b":c)`, "X( blanks )"} {
		got, err := s.Ask(t.Context(), call)
		if err != nil || got != call+"=v" {
			t.Errorf("%s: got %q, %v", call, got, err)
		}
	}
	server.Drop() // the next call is made on a new connection
	if got, err := s.Ask(t.Context(), "X()"); err != nil || got != "X()=v" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.Ask(t.Context(), "X(\r\n\r\nAction: Logoff)"); err == nil || errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %v, want a refusal that is not ErrCannotAsk", err)
	}
	server.Close()
	if _, err := s.Ask(t.Context(), "X()"); !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %v, want ErrCannotAsk", err)
	}
}

// A function that does not end costs its own caller the deadline, and those behind it no more than theirs.
func TestAskDeadline(t *testing.T) {
	_, address := fake(t, nil, amiserver.Options{Intercept: func(_ *amiserver.Session, m amiserver.Message) bool { return m["Variable"] == "HANG()" }})
	s, err := New(Options{Address: address, Username: testUser, Secret: testSecret, Timing: Timing{Ask: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := time.Now()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := s.Ask(t.Context(), "HANG()"); !errors.Is(err, dialplan.ErrCannotAsk) {
				t.Errorf("got %v, want ErrCannotAsk", err)
			}
		})
	}
	all.Wait()
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
	if _, err := s.Ask(t.Context(), "X()"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
