package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// amiTimeout bounds an answer or event: Asterisk reloads 100,000 users in some 8 s, and much more when it is busy.
const amiTimeout = 2 * time.Minute

// amiClient is a minimal client of the manager interface. It measures what Asterisk itself takes, and does nothing with
// the answers.
type amiClient struct {
	conn net.Conn
	r    *bufio.Reader
}

func dialAMI(a *asterisk) (*amiClient, error) {
	conn, err := net.DialTimeout("tcp", a.ami, amiTimeout)
	if err != nil {
		return nil, err
	}
	c := &amiClient{conn, bufio.NewReaderSize(conn, 1<<20)}
	if _, err = c.r.ReadString('\n'); err == nil { // the banner
		_, err = c.do("Login", "Username: "+amiUser, "Secret: "+amiSecret)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *amiClient) close() { _ = c.conn.Close() }

// send writes an action.
func (c *amiClient) send(action string, headers ...string) error {
	_ = c.conn.SetDeadline(time.Now().Add(amiTimeout))
	_, err := fmt.Fprintf(c.conn, "Action: %s\r\n%s\r\n\r\n", action, strings.Join(headers, "\r\n"))
	return err
}

// do sends an action, and returns how long it took until the answer was complete.
func (c *amiClient) do(action string, headers ...string) (time.Duration, error) {
	start := time.Now()
	if err := c.send(action, headers...); err != nil {
		return 0, err
	}
	answer, err := c.await("Response: ")
	if err == nil && !strings.HasPrefix(answer, "Response: Success") {
		err = fmt.Errorf("asterisk answers %s: %.100q", action, answer)
	}
	return time.Since(start), err
}

// await reads messages until one begins with a text, and returns its first lines.
func (c *amiClient) await(begin string) (string, error) {
	for {
		message, err := c.message()
		if err != nil || strings.HasPrefix(message, begin) {
			return message, err
		}
	}
}

// keptMessage is how much of a message is stored, in bytes: enough to recognize it.
const keptMessage = 256

func (c *amiClient) message() (string, error) {
	var b strings.Builder
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		if len(line) <= 2 {
			return b.String(), nil
		}
		if b.Len() < keptMessage {
			b.Write(line)
		}
	}
}

// reload makes Asterisk reload a module. It returns when the Reload event came, and how long that took.
func (c *amiClient) reload(module string) (at time.Time, took time.Duration, err error) {
	start := time.Now()
	if err := c.send("Command", "Command: module reload "+module); err != nil {
		return at, 0, err
	}
	event, err := c.await("Event: Reload")
	at = time.Now()
	if err == nil && !strings.Contains(event, "\r\nStatus: 0\r\n") {
		err = fmt.Errorf("asterisk does not reload %s: %.200q", module, event)
	}
	return at, at.Sub(start), err
}
