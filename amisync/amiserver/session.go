package amiserver

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// maxLine is the length of the longest line that Asterisk reads, in bytes.
	maxLine = 1022
	// writeTimeout bounds a write to a client that does not read.
	writeTimeout = 10 * time.Second
)

// Message is an AMI message. Names are spelled as they were sent.
type Message map[string]string

// Session is a connection to a client.
type Session struct {
	server *Server
	conn   net.Conn

	mu     sync.Mutex // held while a message is written
	events bool       // the client has logged in and wants events
}

func newSession(v *Server, conn net.Conn) *Session { return &Session{server: v, conn: conn} }

// Close closes the connection.
func (s *Session) Close() { _ = s.conn.Close() }

// Send writes a message, as names and values. Values are written as they are.
func (s *Session) Send(fields ...string) { s.Raw(text(fields...)) }

// Raw writes bytes. It closes a connection that cannot be written to.
func (s *Session) Raw(wire string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.conn.Write([]byte(wire)); err != nil {
		_ = s.conn.Close()
	}
}

// answer sends an answer with the action's ActionID: response is "Success" or "Error".
func (s *Session) answer(action Message, response string, fields ...string) {
	s.Send(append(head("Response", response, action), fields...)...)
}

// head returns the first fields of a message that answers an action.
func head(name, value string, action Message) []string {
	fields := []string{name, value}
	if id := action["ActionID"]; id != "" {
		fields = append(fields, "ActionID", id)
	}
	return fields
}

func (s *Session) fail(action Message, message string) {
	s.answer(action, "Error", "Message", message)
}

func (s *Session) wantsEvents() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

func (s *Session) setEvents(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = on
}

func (s *Session) run() {
	defer s.Close()
	if f := s.server.o.Connected; f != nil && f(s) {
		return
	}
	s.Raw("Asterisk Call Manager/11.0.0\r\n")
	in := bufio.NewReader(s.conn)
	for loggedIn := false; ; {
		action, tooLong, err := read(in)
		switch {
		case err != nil:
			return
		case s.server.o.Intercept != nil && s.server.o.Intercept(s, action):
			loggedIn = loggedIn || s.wantsEvents()
		case tooLong:
			s.fail(action, "Failed to parse message: line too long")
		case !loggedIn && !s.login(action):
			return
		case !loggedIn:
			loggedIn = true
		case strings.EqualFold(action["Action"], "Logoff"):
			s.answer(action, "Goodbye", "Message", "Thanks for all the fish.")
			return
		default:
			s.act(action)
		}
	}
}

// login answers a login. It reports whether the session may go on.
func (s *Session) login(action Message) bool {
	o := s.server.o
	switch {
	case !strings.EqualFold(action["Action"], "Login"):
		s.fail(action, "Permission denied")
		return false
	case o.Username == "" || action["Username"] != o.Username || action["Secret"] != o.Secret:
		s.fail(action, "Authentication failed")
		return false
	}
	s.Welcome(action)
	return true
}

// Welcome accepts a login as an Asterisk does that is booted: it sends FullyBooted together with the answer.
func (s *Session) Welcome(action Message) {
	s.Raw(text(accepted(action)...) +
		text("Event", "FullyBooted", "Privilege", "system,all", "Uptime", "1", "LastReload", "1", "Status", "Fully Booted"))
	s.setEvents(true)
}

// Accept accepts a login as an Asterisk does that is starting: FullyBooted comes later.
func (s *Session) Accept(action Message) {
	s.Send(accepted(action)...)
	s.setEvents(true)
}

func accepted(action Message) []string {
	return append(head("Response", "Success", action), "Message", "Authentication accepted")
}

// text returns a message as it is sent.
func text(fields ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		b.WriteString(fields[i] + ": " + fields[i+1] + "\r\n")
	}
	return b.String() + "\r\n"
}

// read reads an action.
func read(in *bufio.Reader) (m Message, tooLong bool, err error) {
	m = Message{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, false, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			if len(m) == 0 && !tooLong {
				continue
			}
			return m, tooLong, nil
		}
		if len(line) > maxLine {
			tooLong = true
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			m[strings.TrimSpace(name)] = strings.TrimLeft(value, " ")
		}
	}
}

// Wait reads and discards what the client sends, until the client closes the connection.
func (s *Session) Wait() { _, _ = io.Copy(io.Discard, s.conn) }
