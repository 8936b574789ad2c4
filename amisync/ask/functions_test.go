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

func (f *functions) read(of *int) func() int {
	return func() int { f.mu.Lock(); defer f.mu.Unlock(); return *of }
}

func TestAskIdenticalCallsAreOne(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{TTL: time.Minute, Timeout: 10 * time.Second}) // for who is late
	ctx, hangUp := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := s.Ask(ctx, "HANG()"); left <- err }()
	eventually(t, "the first call", func() bool { return f.read(&f.hanging)() == 1 })
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
	eventually(t, "all to wait", func() bool { // for the one call: nobody else asks
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.flying == 1
	})
	f.release()
	all.Wait()
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
	eventually(t, "three at once", func() bool { return f.read(&f.now)() == 3 })
	f.release()
	all.Wait()
	if most := f.read(&f.most)(); most != 3 {
		t.Errorf("got %d calls at once, want 3", most)
	}
	if n := len(s.idle); n == 0 || n > 3 {
		t.Errorf("got %d idle connections, want 1 to 3", n)
	}
}

// A function that hangs leaves a connection to the others, and those that wait for it their time.
func TestAskHungFunction(t *testing.T) {
	for _, connections := range []int{2, 4} {
		t.Run(fmt.Sprint(connections), func(t *testing.T) {
			f := newFunctions(t)
			const timeout = 400 * time.Millisecond
			s := asking(t, f.address, Options{Connections: connections, Timeout: timeout})
			hang := func() (ended chan struct{}) {
				ended = make(chan struct{})
				var all sync.WaitGroup
				for i := range 20 {
					all.Go(func() {
						if _, err := s.Ask(t.Context(), fmt.Sprintf("HANG(%d)", i)); !errors.Is(err, dialplan.ErrCannotAsk) {
							t.Errorf("got %v, want ErrCannotAsk", err)
						}
					})
				}
				go func() { all.Wait(); close(ended) }()
				return ended
			}
			others := func(until chan struct{}) (answers int) {
				for {
					if _, err := s.Ask(t.Context(), fmt.Sprintf("OTHER(%d)", answers)); err != nil {
						t.Fatalf("another function, after %d answers: %v", answers, err)
					}
					answers++
					select {
					case <-until:
						return answers
					default:
					}
				}
			}
			for range 3 {
				start := time.Now()
				if n := others(hang()); n < 10 {
					t.Errorf("got %d answers of another function, want more", n)
				}
				if d := time.Since(start); d > 2*timeout {
					t.Errorf("who waits for the function was told after %v", d)
				}
			}
			f.release()
			eventually(t, "an answer afterwards", func() bool { _, err := s.Ask(t.Context(), "HANG(x)"); return err == nil })
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

// An error is not kept.
func TestAskErrorIsNotKept(t *testing.T) {
	f := newFunctions(t)
	s := asking(t, f.address, Options{TTL: time.Hour, Timeout: 50 * time.Millisecond})
	if _, err := s.Ask(t.Context(), "HANG()"); !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Fatalf("got %v, want ErrCannotAsk", err)
	}
	f.release()
	eventually(t, "an answer", func() bool { _, err := s.Ask(t.Context(), "HANG()"); return err == nil })
}

// After Forget no answer of before it is given, were its call still under way.
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
	eventually(t, "the call", func() bool { return f.read(&f.hanging)() == 1 })
	a.Forget()
	expectAsk(t, a, "X()=2")
	after := ask()
	eventually(t, "a call of its own", func() bool { return f.read(&f.hanging)() == 2 })
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
