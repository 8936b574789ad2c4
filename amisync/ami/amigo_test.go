package ami

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// amigo's Action hangs for ever, and holds its lock, if its writer has ended. Our actions always end.
func TestAmigoHangingAction(t *testing.T) {
	server, address := fake(t, nil, amiserver.Options{})
	c := mustConnect(t, address, nil)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for c.Err() == nil {
				_, _ = c.Do(testkit.Within(t, 5*time.Second), "Ping", nil)
			}
		})
	}
	server.Drop()
	all.Wait()
	c.Close()
}

// amigo's Connected waits for the Action under way. None of our calls does.
func TestAmigoConnectedLock(t *testing.T) {
	asked := make(chan struct{})
	_, address := fake(t, nil, on("Getvar", func(*amiserver.Session, amiserver.Message) { close(asked) }))
	c := mustConnect(t, address, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _, _ = c.Do(ctx, "Getvar", Message{"Variable": "X"}) }()
	<-asked
	start := time.Now()
	if err := c.Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	_, err := c.Do(testkit.Within(t, 50*time.Millisecond), "Ping", nil)
	if want := "Ping: asterisk did not answer in time: context deadline exceeded"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if d := time.Since(start); d > testkit.Patience {
		t.Errorf("took %v", d)
	}
	if err := c.Err(); err != nil {
		t.Errorf("a call that waited for its turn ended the connection: %v", err)
	}
	cancel()
	<-done
}

// amigo loses bytes that come in one packet with the answer to the login, as FullyBooted does.
func TestAmigoLostBytesAfterLogin(t *testing.T) {
	_, address := fake(t, nil, amiserver.Options{})
	for range 20 {
		events := make(chan Message, 10)
		c := mustConnect(t, address, func(m Message) { events <- m })
		select {
		case m := <-events:
			if m["Event"] != "FullyBooted" {
				t.Errorf("got %q, want FullyBooted", m["Event"])
			}
		case <-time.After(2 * time.Second):
			t.Fatal("the event after the login was lost")
		}
		c.Close()
	}
}

// amigo's Close panics before Connect, prints to stderr and leaks a goroutine. TestMain sees the leak.
func TestAmigoClosePrintsAndPanics(t *testing.T) {
	_, address := fake(t, nil, amiserver.Options{})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := syscall.Dup(2) // println writes to the descriptor itself
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup2(int(w.Fd()), 2); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c, err := Connect(testkit.Within(t, 5*time.Second), testTarget(t, address), nil)
		if err != nil {
			t.Error(err)
			break
		}
		c.Close()
		c.Close()
	}
	_ = syscall.Dup2(saved, 2)
	_ = syscall.Close(saved)
	w.Close()
	printed, err := io.ReadAll(r)
	if err != nil || len(printed) > 0 {
		t.Errorf("printed %q, %v", printed, err)
	}
}

// amigo does not escape values.
func TestAmigoInjection(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	_, address := fake(t, nil, amiserver.Options{Intercept: func(_ *amiserver.Session, m amiserver.Message) bool {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, m["Action"])
		return false
	}})
	c := mustConnect(t, address, nil)
	tests := map[string]struct {
		fields Message
		want   string
	}{
		"CRLF":     {Message{"Variable": "X\r\n\r\nAction: Logoff"}, "a CR, LF or NUL cannot be sent to asterisk in Variable"},
		"LF":       {Message{"Variable": "X\nAction: Logoff"}, "a CR, LF or NUL cannot be sent to asterisk in Variable"},
		"CR":       {Message{"Variable": "X\rAction: Logoff"}, "a CR, LF or NUL cannot be sent to asterisk in Variable"},
		"NUL":      {Message{"Variable": "X\x00"}, "a CR, LF or NUL cannot be sent to asterisk in Variable"},
		"name":     {Message{"A: b\r\nAction": "Logoff"}, `"A: b\r\nAction" cannot be the name of an AMI header`},
		"too long": {Message{"Variable": strings.Repeat("x", 1013)}, "Variable of 1013 bytes is too long for asterisk: at most 1012"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.Do(testkit.Within(t, time.Second), "Getvar", tt.fields)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if _, err := c.Do(testkit.Within(t, time.Second), "Getvar", Message{"Variable": strings.Repeat("x", 1012)}); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"Login", "Events", "Getvar"}; !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

// amigo hands out the entries of a list one by one, among all other events.
func TestAmigoListAnswers(t *testing.T) {
	t.Parallel()
	entry := func(s *amiserver.Session, id, name string) {
		s.Send("Event", "EndpointList", "ActionID", id, "ObjectName", name)
	}
	tests := map[string]struct {
		answer func(s *amiserver.Session, id string)
		want   []string
		err    string
	}{
		"entries": {func(s *amiserver.Session, id string) {
			entry(s, id, "a")
			entry(s, "other", "x")
			s.Send("Event", "Reload", "Module", "All")
			entry(s, id, "b")
			s.Send("Event", "EndpointListComplete", "ActionID", id, "EventList", "Complete", "ListItems", "2")
		}, []string{"a", "b"}, ""},
		"empty": {func(s *amiserver.Session, id string) {
			s.Send("Event", "EndpointListComplete", "ActionID", id, "EventList", "Complete", "ListItems", "0")
		}, nil, ""},
		"one missing": {func(s *amiserver.Session, id string) {
			entry(s, id, "a")
			s.Send("Event", "EndpointListComplete", "ActionID", id, "EventList", "Complete", "ListItems", "2")
		}, nil, "EndpointListComplete: asterisk sent 1 of 2 entries"},
		"cancelled": {func(s *amiserver.Session, id string) {
			s.Send("Event", "EndpointListComplete", "ActionID", id, "EventList", "cancelled")
		}, nil, "EndpointListComplete: asterisk ended its answer early: cancelled"},
		"never complete": {func(s *amiserver.Session, id string) { entry(s, id, "a") }, nil,
			"PJSIPShowEndpoints: asterisk did not answer in time: context deadline exceeded"},
		"dropped": {func(s *amiserver.Session, id string) { entry(s, id, "a"); s.Close() }, nil, "asterisk closed the connection"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, address := fake(t, nil, on("PJSIPShowEndpoints", func(s *amiserver.Session, m amiserver.Message) {
				s.Send("Response", "Success", "ActionID", m["ActionID"], "EventList", "start")
				tt.answer(s, m["ActionID"])
			}))
			c := mustConnect(t, address, nil)
			got, err := c.List(testkit.Within(t, 300*time.Millisecond), "PJSIPShowEndpoints", nil)
			if fmt.Sprint(err) != tt.err && (tt.err != "" || err != nil) {
				t.Errorf("got  %v\nwant %s", err, tt.err)
			}
			var names []string
			for _, m := range got {
				names = append(names, m["ObjectName"])
			}
			if tt.err == "" && !slices.Equal(names, tt.want) {
				t.Errorf("got %q, want %q", names, tt.want)
			}
		})
	}
}

// The entries of IAXpeers have no ActionID.
func TestAmigoUntaggedList(t *testing.T) {
	_, address := fake(t, map[string]string{"iax.conf": `[general]
x=1
[a]
host=dynamic
[b]
host=192.0.2.1
`}, amiserver.Options{})
	c := mustConnect(t, address, nil)
	got, err := c.List(testkit.Within(t, time.Second), "IAXpeers", nil)
	if err != nil || len(got) != 2 || got[0]["ObjectName"] != "a" || got[1]["IPaddress"] != "192.0.2.1" {
		t.Errorf("got %q, %v", got, err)
	}
}

// amigo cuts a value at its first LF, drops its leading blanks, and takes a line of 8192 bytes for two.
func TestAmigoValues(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"empty": "", "plain": "x", "colon": "a: b", "leading blanks": "  \t a", "trailing blanks": "a  ",
		"LF": "a\nb: c\n\nd", "CRLF": "a\r\nResponse: Error\r\nb", "leading LF": "\nx", "trailing CR": "x\r",
		"our escape": "\\n.r", "UTF-8": "Größe", "not UTF-8": "\xff\xfe",
	}
	for n := range 16 {
		long := strings.Repeat("v", amigoBuffer-len("Value: ")-8+n)
		values[fmt.Sprintf("%d bytes", len(long))] = long
		values[fmt.Sprintf("blanks and %d bytes", len(long))] = "  " + long
		values[fmt.Sprintf("twice %d bytes", len(long))] = long + "1234567" + long
	}
	values["half a MB"] = strings.Repeat("0123456789abcdef", 1<<15)
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			_, address := fake(t, nil, on("Getvar", func(s *amiserver.Session, m amiserver.Message) {
				s.Send("Response", "Success", "ActionID", m["ActionID"], "Variable", m["Variable"], "Value", value)
			}))
			c := mustConnect(t, address, nil)
			for range 2 {
				got, err := c.Do(testkit.Within(t, 2*time.Second), "Getvar", Message{"Variable": "X"})
				if err != nil || got["Value"] != value {
					t.Fatalf("got %d bytes %.40q, %v", len(got["Value"]), got["Value"], err)
				}
			}
		})
	}
}

// amigo joins host and port with a colon, which is wrong for IPv6.
func TestAmigoIPv6(t *testing.T) {
	testkit.NeedAddress(t, "::1")
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	server := amiserver.New(amiserver.Options{Username: testUser, Secret: testSecret})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	if _, err := mustConnect(t, l.Addr().String(), nil).Do(testkit.Within(t, time.Second), "Ping", nil); err != nil {
		t.Error(err)
	}
	server.Close()
	<-served
}
