package ask

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// functions is a fake whose functions HANG… end when released, and that counts.
type functions struct {
	address string
	release func()

	mu          sync.Mutex
	asked       map[string]int // by call
	now, most   int            // connections
	hanging     int
	mostHanging int
	connections atomic.Int32 // that were opened
	commands    atomic.Int32
	denied      atomic.Bool // the right to write "command"
}

func newFunctions(t *testing.T) *functions {
	t.Helper()
	f := &functions{asked: map[string]int{}}
	released := make(chan struct{})
	f.release = sync.OnceFunc(func() { close(released) })
	_, f.address = fake(t, map[string]string{"phoneprov.conf": "[p]\n"}, amiserver.Options{
		Function: func(call string) string {
			f.count(call, 1)
			defer f.count(call, -1)
			if strings.HasPrefix(call, "HANG") {
				<-released
			}
			if strings.HasPrefix(call, "NOSUCH") {
				return ""
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			return fmt.Sprintf("%s=%d", call, f.asked[call])
		},
		Connected: func(*amiserver.Session) bool { f.connections.Add(1); return false },
		Intercept: f.intercept,
	})
	t.Cleanup(f.release) // before the fake's, which waits
	return f
}

func (f *functions) count(call string, by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if by > 0 {
		f.asked[call]++
	}
	f.now += by
	f.most = max(f.most, f.now)
	if strings.HasPrefix(call, "HANG") {
		f.hanging += by
		f.mostHanging = max(f.mostHanging, f.hanging)
	}
}

func (f *functions) intercept(s *amiserver.Session, m amiserver.Message) bool {
	if m["Action"] != "Command" {
		return false
	}
	f.commands.Add(1)
	switch {
	case f.denied.Load():
		s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Permission denied")
	case strings.HasSuffix(m["Command"], "NOSUCH"):
		s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", commandFailed)
	default:
		s.Send("Response", "Success", "ActionID", m["ActionID"], "Message", commandFailed)
	}
	return true
}

// hungCalls returns how many calls of HANG… Asterisk was asked for.
func (f *functions) hungCalls() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for call, times := range f.asked {
		if strings.HasPrefix(call, "HANG") {
			n += times
		}
	}
	return n
}

func (f *functions) read(of *int) func() int {
	return func() int { f.mu.Lock(); defer f.mu.Unlock(); return *of }
}

func TestAskIdenticalCallsAreOne(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{TTL: time.Minute, Timeout: 10 * time.Second}) // for who is late
	ctx, hangUp := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := s.Ask(ctx, "HANG()"); left <- err }()
	testkit.Eventually(t, "the first call", func() bool { return f.read(&f.hanging)() == 1 })
	var all, begun sync.WaitGroup
	for range 20 {
		begun.Add(1)
		all.Go(func() {
			begun.Done()
			if got, err := s.Ask(t.Context(), "HANG()"); err != nil || got != "HANG()=1" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	begun.Wait()
	hangUp() // who began it: the others have their answer all the same
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	f.release()
	all.Wait()
	if n := f.hungCalls(); n != 1 {
		t.Errorf("Asterisk was asked %d times, want once", n)
	}
}

func TestAskConnections(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{Connections: 3, Timeout: 10 * time.Second})
	var all sync.WaitGroup
	for i := range 9 {
		all.Go(func() {
			call := fmt.Sprintf("HANG%d()", i)
			if got, err := s.Ask(t.Context(), call); err != nil || got != call+"=1" {
				t.Errorf("%s: got %q, %v", call, got, err)
			}
		})
	}
	testkit.Eventually(t, "three at once", func() bool { return f.read(&f.now)() == 3 })
	f.release()
	all.Wait()
	if most := f.read(&f.most)(); most != 3 {
		t.Errorf("got %d calls at once, want 3", most)
	}
	if got, err := s.Ask(t.Context(), "AFTER()"); err != nil || got != "AFTER()=1" { // on one that is idle
		t.Errorf("got %q, %v", got, err)
	}
	if n := f.connections.Load(); n != 3 {
		t.Errorf("got %d connections, want 3", n)
	}
}

// A function that hangs leaves a connection to the others. Those that wait for the function wait no longer than their
// deadline.
func TestAskHungFunction(t *testing.T) {
	t.Parallel()
	for _, connections := range []int{2, 4} {
		t.Run(fmt.Sprint(connections), func(t *testing.T) {
			f := newFunctions(t)
			s := asking(t, f.address, Options{Connections: connections, Timeout: testkit.Patience})
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					call := fmt.Sprintf("HANG(%d)", i)
					if got, err := s.Ask(t.Context(), call); err != nil || got != call+"=1" {
						t.Errorf("got %q, %v", got, err)
					}
				})
			}
			testkit.Eventually(t, "all connections but one to hang", func() bool { return f.read(&f.hanging)() == connections-1 })
			for i := range 10 {
				call := fmt.Sprintf("OTHER(%d)", i)
				if got, err := s.Ask(t.Context(), call); err != nil || got != call+"=1" {
					t.Errorf("got %q, %v", got, err)
				}
			}
			if most := f.read(&f.mostHanging)(); most != connections-1 {
				t.Errorf("the function had %d connections, want %d", most, connections-1)
			}
			f.release()
			all.Wait()
		})
	}
}

// The time that a call waits for a connection counts. If a function hangs, the waiting calls fail together with the
// first one, not one after the other.
func TestAskHungFunctionIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, connections := range []int{2, 4} {
		t.Run(fmt.Sprint(connections), func(t *testing.T) {
			t.Parallel()
			f := newFunctions(t)
			s := asking(t, f.address, Options{Connections: connections, Timeout: 400 * time.Millisecond})
			const calls = 20
			for round := range 3 {
				before := f.hungCalls()
				var all sync.WaitGroup
				for i := range calls {
					all.Go(func() {
						if _, err := s.Ask(t.Context(), fmt.Sprintf("HANG(%d)", i)); !errors.Is(err, dialplan.ErrCannotAsk) {
							t.Errorf("got %v, want ErrCannotAsk", err)
						}
					})
				}
				all.Wait()
				if n := f.hungCalls() - before; n >= calls {
					t.Errorf("round %d: Asterisk was asked %d times, which is all calls one after the other", round, n)
				}
			}
			f.release()
			testkit.Eventually(t, "an answer afterwards", func() bool { _, err := s.Ask(t.Context(), "HANG(x)"); return err == nil })
		})
	}
}

func TestAskTTL(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{TTL: time.Hour})
	for _, want := range []string{"X()=1", "X()=1", "Y()=1", "X()=1"} {
		if got, err := s.Ask(t.Context(), want[:3]); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	s.Forget()
	expectAsk(t, s, "X()=2")
	none := asking(t, f.address, Options{})
	expectAsk(t, none, "X()=3")
	expectAsk(t, none, "X()=4")
}

// An error is not remembered.
func TestErrorIsNotRemembered(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{TTL: time.Hour, Timeout: 50 * time.Millisecond})
	if _, err := s.Ask(t.Context(), "HANG()"); !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Fatalf("got %v, want ErrCannotAsk", err)
	}
	f.release()
	testkit.Eventually(t, "an answer", func() bool { _, err := s.Ask(t.Context(), "HANG()"); return err == nil })
}

// After Forget, no caller gets the answer to an earlier call, not even to one that was under way.
func TestForget(t *testing.T) {
	f := newFunctions(t)
	a := asking(t, f.address, Options{TTL: time.Hour, Timeout: 10 * time.Second})
	expectAsk(t, a, "X()=1")
	ask := func() chan string {
		answer := make(chan string)
		go func() { got, _ := a.Ask(t.Context(), "HANG()"); answer <- got }()
		return answer
	}
	before := ask()
	testkit.Eventually(t, "the call", func() bool { return f.read(&f.hanging)() == 1 })
	a.Forget()
	expectAsk(t, a, "X()=2")
	after := ask()
	testkit.Eventually(t, "a call of its own", func() bool { return f.read(&f.hanging)() == 2 })
	f.release()
	<-before
	<-after
	if got, err := a.Ask(t.Context(), "HANG()"); err != nil || got != "HANG()=2" {
		t.Errorf("got %q, %v, want the answer to the second call", got, err)
	}
}

func TestKnows(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{})
	for range 3 {
		for name, want := range map[string]bool{"DB": true, "NOSUCH": false, "ODBC_a-b.c": true, "DB\r\nAction: x": false, "": true} {
			if got, err := s.Knows(t.Context(), name); got != want || err != nil {
				t.Errorf("%q: got %v, %v, want %v", name, got, err, want)
			}
		}
	}
	if n := f.commands.Load(); n != 4 {
		t.Errorf("asked %d times, want once a function", n)
	}
	f.denied.Store(true)
	s.Forget()
	for range 3 {
		if got, err := s.Knows(t.Context(), "DB"); got || !errors.Is(err, dialplan.ErrCannotAsk) || !strings.Contains(err.Error(), "permit") {
			t.Errorf("got %v, %v, want that it is not permitted", got, err)
		}
	}
	if n := f.commands.Load(); n != 5 {
		t.Errorf("asked %d times, want once that is refused", n-4)
	}
}
