package amiserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a Server on a port of its own.
func serve(t *testing.T, o Options) (*Server, string) {
	t.Helper()
	o.Username, o.Secret = "u", "s"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := New(o)
	served := make(chan error, 1)
	go func() { served <- v.Serve(l) }()
	t.Cleanup(func() {
		v.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return v, l.Addr().String()
}

type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	cl := &client{t, c, bufio.NewReader(c)}
	if line, err := cl.r.ReadString('\n'); err != nil || line != "Asterisk Call Manager/11.0.0\r\n" {
		t.Fatalf("banner %q, %v", line, err)
	}
	return cl
}

// say sends lines that are separated by "|" and returns the next n messages, likewise.
func (c *client) say(lines string, n int) string {
	c.t.Helper()
	if lines != "" {
		fmt.Fprint(c, strings.ReplaceAll(lines, "|", "\r\n")+"\r\n\r\n")
	}
	var b strings.Builder
	for n > 0 {
		line, err := c.r.ReadString('\n')
		if err != nil {
			b.WriteString(err.Error())
			break
		}
		if line == "\r\n" {
			n--
		}
		b.WriteString(strings.TrimSuffix(line, "\r\n") + "|")
	}
	return b.String()
}

func TestSession(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"users.conf":  "[t](!)\na=1\n[x](t)\nb => 2\n[y]\n",
		"broken.conf": "a=1\n",
	} {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	v, address := serve(t, Options{Dir: dir, Function: func(call string) string { return "<" + call + ">" }})
	c := dial(t, address)
	const welcome = "Response: Success|Message: Authentication accepted||" +
		"Event: FullyBooted|Privilege: system,all|Uptime: 1|LastReload: 1|Status: Fully Booted||"
	rows := []struct {
		say  string
		n    int
		want string
	}{
		{"Action: Login|Username: u|Secret: s", 2, welcome},
		{"Action: ping|ActionID: 1", 1, "Response: Success|ActionID: 1|Ping: Pong|Timestamp: 0.000000||"},
		{"Action: GetConfig|Filename: users.conf", 1, "Response: Success|Category-000000: x|Templates-000000: t|" +
			"Line-000000-000000: a=1|Line-000000-000001: b=2|Category-000001: y||"},
		{"Action: GetConfig|Filename: none.conf", 1, "Response: Error|Message: Config file not found||"},
		{"Action: GetConfig|Filename: broken.conf", 1, "Response: Error|Message: Config file has invalid format||"},
		{"Action: GetConfig|Filename: ../x", 1, "Response: Error|Message: File requires escalated privileges||"},
		{"Action: GetConfig", 1, "Response: Error|Message: Filename not specified||"},
		{"Action: Getvar|Variable: F(a:b)", 1, "Response: Success|Variable: F(a:b)|Value: <F(a:b)>||"},
		{"Action: DBGet|ActionID: 3|Family: a|Key: b/c", 3, "Response: Success|ActionID: 3|EventList: start|Message: Result will follow||" +
			"Event: DBGetResponse|Family: a|Key: b/c|Val: <DB(a/b/c)>|ActionID: 3||Event: DBGetComplete|ActionID: 3|EventList: Complete|ListItems: 1||"},
		{"Action: Getvar|ActionID: 2|Variable: " + strings.Repeat("x", 1013), 1,
			"Response: Error|ActionID: 2|Message: Failed to parse message: line too long||"},
		{"Action: X", 1, "Response: Error|Message: Invalid/unknown command: X. Use Action: ListCommands to show available commands.||"},
		{"Action: PJSIPShowEndpoint|Endpoint: 6001", 2, "Response: Error|Message: Unable to retrieve endpoint 6001\n|||"},
		{"Action: PJSIPShowContacts", 1, "Response: Error|Message: No Contacts found||"},
		{"Action: Events|EventMask: off", 1, "Response: Success|Events: Off||"},
		{"Action: Logoff", 2, "Response: Goodbye|Message: Thanks for all the fish.||EOF"},
	}
	for _, row := range rows {
		if got := c.say(row.say, row.n); got != row.want {
			t.Errorf("%.80s\ngot  %q\nwant %q", row.say, got, row.want)
		}
	}

	c = dial(t, address)
	c.say("Action: Login|Username: u|Secret: s", 2)
	v.Reload("res_phoneprov.so")
	if got, want := c.say("", 1), "Event: Reload|Privilege: system,all|Module: res_phoneprov.so|Status: 0||"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	v.Drop()
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("got %v after Drop, want EOF", err)
	}
}

func TestRefusals(t *testing.T) {
	_, address := serve(t, Options{})
	for say, want := range map[string]string{
		"Action: Login|Username: u|Secret: x": "Response: Error|Message: Authentication failed||EOF",
		"Action: Login|Username: x|Secret: s": "Response: Error|Message: Authentication failed||EOF",
		"Action: Login":                       "Response: Error|Message: Authentication failed||EOF",
		"Action: Ping":                        "Response: Error|Message: Permission denied||EOF",
	} {
		if got := dial(t, address).say(say, 2); got != want {
			t.Errorf("%s: got %q, want %q", say, got, want)
		}
	}
}
