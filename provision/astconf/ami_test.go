package astconf

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// amiTimeout bounds one GetConfig, because Asterisk loops for ever over some files.
const amiTimeout = 15 * time.Second

// ami is a connection to the manager interface. One goroutine uses it.
type ami struct {
	conn net.Conn
	in   *bufio.Reader
	next int
}

func dialAMI(tb testing.TB, a *oracle.Asterisk) *ami {
	tb.Helper()
	conn, err := net.DialTimeout("tcp", a.AMI, amiTimeout)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	m := &ami{conn: conn, in: bufio.NewReader(conn)}
	if _, err := m.in.ReadString('\n'); err != nil {
		tb.Fatal(err)
	}
	answer, err := m.do("Login", "Username: "+oracle.User, "Secret: "+oracle.Secret, "Events: off")
	if err != nil || answer[0] != "Response: Success" {
		tb.Fatalf("login: %v %q", err, answer)
	}
	return m
}

// do sends an action and returns the lines of the answer.
func (m *ami) do(action string, headers ...string) ([]string, error) {
	m.next++
	id := fmt.Sprintf("ActionID: %d", m.next)
	if err := m.conn.SetDeadline(time.Now().Add(amiTimeout)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(m.conn, strings.Join(append([]string{"Action: " + action, id}, headers...), "\r\n")+"\r\n\r\n"); err != nil {
		return nil, err
	}
	for {
		message, err := m.message()
		if err != nil {
			return nil, err
		}
		if len(message) > 1 && message[1] == id {
			return message, nil
		}
	}
}

func (m *ami) message() ([]string, error) {
	var lines []string
	for {
		line, err := m.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\r\n" {
			return lines, nil
		}
		lines = append(lines, strings.TrimSuffix(line, "\r\n"))
	}
}

// tree asks Asterisk for a file.
func (m *ami) tree(name string) (string, error) {
	answer, err := m.do("GetConfig", "Filename: "+name)
	if err != nil {
		return "", err
	}
	if answer[0] != "Response: Success" {
		switch answer[2] {
		case "Message: Config file not found":
			return missing, nil
		case "Message: Config file has invalid format":
			return refused, nil
		}
		return "", fmt.Errorf("GetConfig: %q", answer)
	}
	var out strings.Builder
	category, bases := "", ""
	open := false
	flush := func() {
		if open {
			printCategory(&out, category, bases)
		}
		open, bases = false, ""
	}
	for _, line := range answer[2:] {
		key, value, _ := strings.Cut(line, ": ")
		switch kind, _, _ := strings.Cut(key, "-"); kind {
		case "Category":
			flush()
			category, open = value, true
		case "Templates":
			bases = value
		case "Line":
			flush()
			printVar(&out, value)
		default:
			return "", fmt.Errorf("GetConfig: line %q", line)
		}
	}
	flush()
	return out.String(), nil
}
