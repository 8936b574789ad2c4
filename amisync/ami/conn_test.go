package ami

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestConnectErrors(t *testing.T) {
	t.Parallel()
	refuse := func(s *amiserver.Session, m amiserver.Message) bool {
		s.Send("Response", "Error", "Message", "Authentication failed")
		s.Close()
		return true
	}
	tests := map[string]struct {
		o    amiserver.Options
		want string
	}{
		"refused login": {amiserver.Options{Intercept: refuse},
			`asterisk refused the login of user "phoneprov": Authentication failed`},
		"not asterisk": {amiserver.Options{Connected: func(s *amiserver.Session) bool { s.Raw("SSH-2.0-OpenSSH_9.2\r\n"); return true }},
			`this is not the manager port of an asterisk: it greets with "SSH-2.0-OpenSSH_9.2\r\n"`},
		"endless banner": {amiserver.Options{Connected: func(s *amiserver.Session) bool { s.Raw(strings.Repeat("x", 200)); return true }},
			`this is not the manager port of an asterisk: it greets with "` + strings.Repeat("x", maxBanner) + `"`},
		"closed at once":       {amiserver.Options{Connected: func(*amiserver.Session) bool { return true }}, "asterisk closed the connection"},
		"half a banner":        {amiserver.Options{Connected: func(s *amiserver.Session) bool { s.Raw("Asterisk Call"); return true }}, "asterisk closed the connection"},
		"closed at login":      {amiserver.Options{Intercept: closeIt}, "log in: asterisk closed the connection"},
		"half a login answer":  {amiserver.Options{Intercept: sendAndClose("Response: Success\r\nMess")}, "log in: asterisk closed the connection in the middle of a message"},
		"a NUL in the answer":  {amiserver.Options{Intercept: sendAndClose("Response: Suc\x00cess\r\n\r\n")}, "log in: asterisk sent a NUL byte"},
		"silent before banner": {amiserver.Options{Connected: func(s *amiserver.Session) bool { silence(s); return true }}, "greeting: asterisk did not answer in time: context deadline exceeded"},
		"silent at login":      {amiserver.Options{Intercept: func(*amiserver.Session, amiserver.Message) bool { return true }}, "log in: asterisk did not answer in time: context deadline exceeded"},
		"silent after login": {amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool { return m["Action"] == "Events" }},
			"Events: asterisk did not answer in time: context deadline exceeded"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, address := fake(t, nil, tt.o)
			start := time.Now()
			_, err := Connect(within(t, 300*time.Millisecond), testTarget(t, address), nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if d := time.Since(start); d > testkit.Patience {
				t.Errorf("took %v", d)
			}
		})
	}
}

// limitOf is how long something may take whose error is to be want: short where the error is that it took too long.
func limitOf(want string) time.Duration {
	if strings.Contains(want, "did not answer in time") {
		return time.Second
	}
	return testkit.Patience
}

func closeIt(s *amiserver.Session, _ amiserver.Message) bool { s.Close(); return true }

func sendAndClose(text string) func(*amiserver.Session, amiserver.Message) bool {
	return func(s *amiserver.Session, _ amiserver.Message) bool { s.Raw(text); s.Close(); return true }
}

// silence keeps a connection open until the client closes it.
func silence(s *amiserver.Session) { s.Wait() }

func TestUnreachableIsNotRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = Connect(within(t, time.Second), testTarget(t, l.Addr().String()), nil)
	var refused *LoginError
	if errors.As(err, &refused) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want one that is ECONNREFUSED", err)
	}
}

// on answers one action with f. The server answers the others.
func on(action string, f func(s *amiserver.Session, m amiserver.Message)) amiserver.Options {
	return amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		if m["Action"] == action {
			f(s, m)
		}
		return m["Action"] == action
	}}
}

// Whatever fault Asterisk or the network has, and whatever amigo makes of it, an action ends within its deadline and
// says why.
func TestActionFaults(t *testing.T) {
	t.Parallel()
	const late = "Getvar: asterisk did not answer in time: context deadline exceeded"
	tests := map[string]struct {
		answer func(s *amiserver.Session, m amiserver.Message)
		want   string
	}{
		"silent": {func(*amiserver.Session, amiserver.Message) {}, late},
		"wrong ActionID": {func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Success", "ActionID", "x", "Value", "v")
		}, late},
		"no ActionID": {func(s *amiserver.Session, m amiserver.Message) { s.Send("Response", "Success", "Value", "v") }, late},
		"dropped":     {func(s *amiserver.Session, m amiserver.Message) { s.Close() }, "asterisk closed the connection"},
		"half an answer": {func(s *amiserver.Session, m amiserver.Message) {
			s.Raw("Response: Success\r\nActionID: " + m["ActionID"] + "\r\nValue: hal")
			s.Close()
		}, "asterisk closed the connection in the middle of a message"},
		"half an answer, whole lines": {func(s *amiserver.Session, m amiserver.Message) {
			s.Raw("Response: Success\r\nActionID: " + m["ActionID"] + "\r\nValue: half\r\n")
			s.Close()
		}, "asterisk closed the connection in the middle of a message"},
		"half a line, then silence": {func(s *amiserver.Session, m amiserver.Message) {
			s.Raw("Response: Success\r\nActionID: " + m["ActionID"] + "\r\nVal")
		}, late},
		"an event in its place": {func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Event", "Reload", "ActionID", m["ActionID"])
		}, `asterisk answered Getvar with ""`},
		"error": {func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "No variable specified")
		}, "asterisk answered Getvar: No variable specified"},
		"denied": {func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Permission denied")
		}, `asterisk does not permit Getvar to user "phoneprov": see its write= in manager.conf`},
		"garbage": {func(s *amiserver.Session, m amiserver.Message) {
			s.Raw("\xff\xfe\r\n\r\n:::\r\n: x\r\n\r\n\r\n\r\nResponse\r\n\r\n")
		}, late},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, address := fake(t, nil, on("Getvar", tt.answer))
			c := mustConnect(t, address, nil)
			start := time.Now()
			_, err := c.Do(within(t, 200*time.Millisecond), "Getvar", Message{"Variable": "X"})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if d := time.Since(start); d > testkit.Patience {
				t.Errorf("took %v", d)
			}
		})
	}
}

// An answer that arrives in small parts is read completely.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	lines := make(chan string)
	_, address := fake(t, nil, on("Getvar", func(s *amiserver.Session, m amiserver.Message) {
		for line := range lines {
			if line == "id" {
				line = "ActionID: " + m["ActionID"] + "\r\n"
			}
			s.Raw(line)
		}
	}))
	c := mustConnect(t, address, nil)
	go func() {
		defer close(lines)
		for _, part := range []string{"Resp", "onse: Success\r", "\n", "id", "Va", "lue: a", "b\r\n\r", "\n"} {
			lines <- part
			<-time.After(10 * time.Millisecond)
		}
	}()
	if got, err := c.Do(within(t, 5*time.Second), "Getvar", Message{"Variable": "X"}); err != nil || got["Value"] != "ab" {
		t.Errorf("got %q, %v", got, err)
	}
}

// A process of the same host that is faster than amigo does not get the connection to Asterisk.
func TestBridgeTakesItsAmigoOnly(t *testing.T) {
	_, address := fake(t, nil, amiserver.Options{})
	tt := testTarget(t, address)
	b, err := dialBridge(within(t, time.Second), tt)
	if err != nil {
		t.Fatal(err)
	}
	defer b.closeDown()
	defer b.closeUp()
	done := make(chan error, 1)
	go func() { done <- b.login(within(t, 2*time.Second)) }()
	for _, login := range []string{"", "Action: Login\r\nUsername: phoneprov\r\nSecret: " + testSecret + "\r\n\r\n", "x\r\n\r\n"} {
		stranger, err := net.Dial("tcp", b.address())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(stranger, login)
		if login == "" {
			stranger.(*net.TCPConn).CloseWrite()
		}
		got, _ := io.ReadAll(stranger)
		if want := "Asterisk Call Manager/11.0.0\r\n"; string(got) != want && len(got) > 0 {
			t.Errorf("%q: got %q, want %q", login, got, want)
		}
		stranger.Close()
	}
	amigo, err := net.Dial("tcp", b.address())
	if err != nil {
		t.Fatal(err)
	}
	defer amigo.Close()
	_, _ = io.WriteString(amigo, "Action: Login\r\nSecret: "+b.token+"\r\n\r\n")
	if err := <-done; err != nil {
		t.Error(err)
	}
}
