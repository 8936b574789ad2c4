package ask

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestAsk(t *testing.T) {
	var value atomic.Value
	value.Store("v")
	server, address := fake(t, nil, amiserver.Options{Function: func(call string) string { return call + "=" + value.Load().(string) }})
	s := asking(t, address, Options{})
	for _, call := range []string{"X(a/b)", `X(1?"a, b":c)`, "X( blanks )", "X(a}b)", "X(a)b:c)", "X({)"} {
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

// A function that does not end costs its callers, and those that wait behind them, no more than their deadline.
func TestAskDeadline(t *testing.T) {
	t.Parallel()
	_, address := fake(t, nil, amiserver.Options{Intercept: func(_ *amiserver.Session, m amiserver.Message) bool { return strings.Contains(m["Variable"], "HANG()") }})
	s := asking(t, address, Options{Timeout: 200 * time.Millisecond})
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
	if d := time.Since(start); d > testkit.Patience {
		t.Errorf("took %v", d)
	}
	if _, err := s.Ask(t.Context(), "X()"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// slow returns an Asker and the server's counters. SLOW() ends when release is closed.
func slow(t *testing.T, o Options) (s *Asker, connections *atomic.Int32, begun, release chan struct{}) {
	t.Helper()
	connections, begun, release = new(atomic.Int32), make(chan struct{}, 1), make(chan struct{})
	_, address := fake(t, nil, amiserver.Options{
		Connected: func(*amiserver.Session) bool { connections.Add(1); return false },
		Function: func(call string) string {
			if call == "SLOW()" {
				begun <- struct{}{}
				<-release
			}
			return call + "=v"
		},
	})
	return asking(t, address, o), connections, begun, release
}

// A call goes on when its phone hangs up, because others use the connection too.
func TestAskHangUp(t *testing.T) {
	s, connections, begun, release := slow(t, Options{Connections: 1, Timeout: 5 * time.Second})
	ctx, hangUp := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := s.Ask(ctx, "SLOW()"); left <- err }()
	<-begun
	hangUp()
	if err := <-left; !errors.Is(err, dialplan.ErrCannotAsk) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrCannotAsk and Canceled", err)
	}
	close(release)
	expectAsk(t, s, "X()=v")
	if n := connections.Load(); n != 1 {
		t.Errorf("got %d connections, want the one", n)
	}
}

// A call whose turn comes too late is not sent, because it would end the connection.
func TestAskTooLateToBegin(t *testing.T) {
	t.Parallel()
	s, connections, begun, release := slow(t, Options{Connections: 1, Timeout: time.Second})
	first := make(chan error)
	go func() { _, err := s.Ask(t.Context(), "SLOW()"); first <- err }()
	<-begun
	expectAsk(t, s, "")
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("got %d connections, want the one", n)
	}
}

// Close ends a call that nobody waits for, and waits until it has ended.
func TestAskClose(t *testing.T) {
	s, _, begun, release := slow(t, Options{Timeout: time.Hour})
	defer close(release)
	ctx, hangUp := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := s.Ask(ctx, "SLOW()"); left <- err }()
	<-begun
	hangUp()
	<-left
	start := time.Now()
	s.Close()
	if d := time.Since(start); d > testkit.Patience {
		t.Errorf("took %v", d)
	}
	expectAsk(t, s, "")
}
