package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// unservedTests are requests that violate HTTP, as bytes for us and for the real Asterisk, which accepts nearly all of
// them. File is the path; FILE in raw stands for it.
var unservedTests = []struct {
	name, raw string
	want      int
	asterisk  int
	file      string // in the log; empty: FILE
	cause     string // in the log; empty: a handler has it
}{
	{"control character in a User-Agent", "GET FILE HTTP/1.1\r\nHost: x\r\nUser-Agent: AVAYA/SIP12x0\x17/04.04.30\r\n\r\n", 200, 200, "", ""},
	{"every control character there", "GET FILE HTTP/1.1\r\nHost: x\r\nuser-agent:\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x1b\x1f\x7f\x00x\r\n\r\n", 200, 200, "", ""},
	{"User-Agent without CR", "GET FILE HTTP/1.1\nHost: x\nUser-Agent: A\x17\n\n", 200, 200, "", ""},
	{"carriage return in a User-Agent", "GET FILE HTTP/1.1\r\nHost: x\r\nUser-Agent: a\rb\r\n\r\n", 400, 200, "", "control character in a header"},
	{"control character elsewhere", "GET FILE HTTP/1.1\r\nHost: x\r\nX-Model: a\x01\r\n\r\n", 400, 200, "", "control character in a header"},
	{"User-Agent in the path", "GET /phoneprov/User-Agent:\x17 HTTP/1.1\r\nHost: x\r\n\r\n", 400, 404, "/phoneprov/User-Agent:\ufffd", "control character in the path"},
	{"blank in the path", "GET /phoneprov/a b.cfg HTTP/1.1\r\nHost: x\r\n\r\n", 400, 404, "/phoneprov/a b.cfg", "blank in the path"},
	{"two blanks", "GET  FILE  HTTP/1.1\r\nHost: x\r\n\r\n", 400, 200, " /phoneprov/fw.bin ", "blank in the path"},
	{"placeholder", "GET /phoneprov/%MAC.cfg HTTP/1.1\r\nHost: x\r\n\r\n", 400, 404, "/phoneprov/%MAC.cfg",
		"percent sign in the path without two hexadecimal digits: is a placeholder of the phone unresolved?"},
	{"placeholder with a dollar sign", "GET /phoneprov/$mac.cfg HTTP/1.1\r\nHost: x\r\n\r\n", 404, 404, "", ""},
	{"no Host", "GET FILE HTTP/1.1\r\n\r\n", 400, 200, "", "missing required Host header"},
	{"no Host in 1.0", "GET FILE HTTP/1.0\r\n\r\n", 200, 200, "", ""},
	{"two Hosts", "GET FILE HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, 200, "", "more than one Host header"},
	{"Host with a blank", "GET FILE HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 200, "", "malformed Host header"},
	{"version in lower case", "GET FILE http/1.1\r\nHost: x\r\n\r\n", 400, 200, "", "HTTP version cannot be read"},
	{"version 3", "GET FILE HTTP/3.0\r\nHost: x\r\n\r\n", 505, 200, "", "HTTP version is not supported"},
	{"no version", "GET FILE\r\n\r\n", 400, 200, "", "request line is not: method, path, version"},
	{"header without a colon", "GET FILE HTTP/1.1\r\nHost: x\r\nFoo\r\n\r\n", 400, 200, "", "header line without a colon"},
	{"blank before the colon", "GET FILE HTTP/1.1\r\nHost: x\r\nFoo : y\r\n\r\n", 400, 200, "", "blank in a header's name, or none"},
	{"no name", "GET FILE HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400, 200, "", "blank in a header's name, or none"},
	{"folded first line", "GET FILE HTTP/1.1\r\n Host: x\r\n\r\n", 400, 200, "", "header line that begins with a blank"},
	{"other expectation", "GET FILE HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", 417, 200, "", "Expect is not 100-continue"},
	{"other encoding", "GET FILE HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 501, 200, "", "Transfer-Encoding is not chunked"},
	{"length that is no number", "GET FILE HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, 400, "", "Content-Length is not a number"},
	{"header that is too large", "GET FILE HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", 431, 400, "", "header is too large"},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405, 404, "*", ""},
	{"empty line in front", "\r\nGET FILE HTTP/1.1\r\nHost: x\r\n\r\n", 400, 400, "", "empty line before the request"},
	{"method that is none", "G@T FILE HTTP/1.1\r\nHost: x\r\n\r\n", 400, 501, "", "method is not a word"},
	{"TLS", "\x16\x03\x01\x00\x05hello\n\n", 400, 400, "-", "request line is not: method, path, version"},
}

const unservedFile = "/phoneprov/fw.bin"

// exchange sends bytes and returns the status of the answer, once the connection has ended.
func exchange(t *testing.T, conn net.Conn, raw string) int {
	t.Helper()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	go io.WriteString(conn, strings.ReplaceAll(raw, "FILE", unservedFile))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("%.60q: %v", raw, err)
		return 0
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what is too large may end in a reset
	page("what is malformed", resp.StatusCode, resp.Header, string(body))
	return resp.StatusCode
}

// requestLines are the lines of requests in a log.
func requestLines(t *testing.T, log string) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		if line["message"] == "request" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Whatever a client sends has one line in the log, with its address, file and cause: over plain HTTP and over TLS.
func TestUnservedRequests(t *testing.T) {
	t.Parallel()
	config := newAuthority(t).server(t).Config()
	for _, secure := range []*tls.Config{nil, config} {
		for _, tt := range unservedTests {
			t.Run(fmt.Sprint(tt.name, ", TLS ", secure != nil), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.Log = testLog(zerolog.SyncWriter(&b.log))
				dial := b.serve(t, secure)
				if got := exchange(t, dial(), tt.raw); got != tt.want {
					t.Errorf("got %d, want %d", got, tt.want)
				}
				lines := requestLines(t, b.log.String())
				if len(lines) != 1 {
					t.Fatalf("got %d lines: %s", len(lines), &b.log)
				}
				line := lines[0]
				if line["status"] != float64(tt.want) || line["remote"] != "127.0.0.1" {
					t.Errorf("got %v", line)
				}
				if tt.cause == "" {
					return
				}
				file := tt.file
				if file == "" {
					file = unservedFile
				}
				if line["reason"] != reasonMalformed || line["error"] != tt.cause || tt.file != "-" && line["file"] != file {
					t.Errorf("got %v, want %q of %q", line, tt.cause, file)
				}
				if strings.Contains(b.log.String(), `"message":"refused"`) {
					t.Errorf("a phone of an allowed address is refused: %s", &b.log)
				}
			})
		}
	}
}

// serve listens, with TLS unless secure is nil, and returns how to connect.
func (b *bench) serve(t *testing.T, secure *tls.Config) (dial func() net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	client := net.Dial
	if secure != nil {
		l = tls.NewListener(l, secure)
		client = func(network, addr string) (net.Conn, error) {
			return tls.Dial(network, addr, &tls.Config{InsecureSkipVerify: true})
		}
	}
	serveUntilEnd(t, l, Phones(b.Options))
	return func() net.Conn {
		conn, err := client("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
}

func TestUnservedRequestsAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := oracle.Start(t, oracle.Options{Suite: suite,
				Files: map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": usersConf}})
			for name, text := range dataFiles {
				a.WriteData(t, name, text)
			}
			for _, tt := range unservedTests {
				conn, err := net.DialTimeout("tcp", strings.TrimPrefix(a.HTTP, "http://"), 5*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if got := exchange(t, conn, tt.raw); got != tt.asterisk {
					t.Errorf("%s: asterisk answers %d, the table says %d", tt.name, got, tt.asterisk)
				}
			}
		})
	}
}

// Only strangers are refused: for fail2ban, with the words of its filter.
func TestUnservedStrangers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		secure bool
		raw    string
		want   string // reason of the refusal; empty: none
		cause  string
	}{
		"malformed":           {false, "GET / x HTTP/1.1\r\nHost: x\r\n\r\n", reasonMalformed, "blank in the path"},
		"no TLS":              {true, "hello, are you there?\r\n\r\n", reasonHandshake, "tls: first record does not look like a TLS handshake"},
		"plain HTTP":          {true, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", reasonHandshake, "plain HTTP on the port for HTTPS"},
		"went away":           {true, "\x16\x03\x01", "", "the client went away"},
		"half a request":      {false, "GET /phoneprov/x HTTP/1.1\r\nHo", reasonMalformed, causeHalf},
		"alert of the client": {true, "\x15\x03\x01\x00\x02\x02\x30", "", "remote error: tls: unknown certificate authority"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Access.Rules.Allow = nil
			var log bench
			b.Log = testLog(zerolog.SyncWriter(&log.log))
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := l.Addr().String()
			if tt.secure {
				l = tls.NewListener(l, newAuthority(t).server(t).Config())
			}
			stop := serveUntilStopped(t, l, Phones(b.Options))
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, tt.raw)
			conn.(*net.TCPConn).CloseWrite()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			io.Copy(io.Discard, conn)
			conn.Close()
			stop()
			lines := requestLines(t, log.log.String())
			if len(lines) != 1 || lines[0]["error"] != tt.cause || lines[0]["remote"] != "127.0.0.1" {
				t.Fatalf("got %s, want %q", &log.log, tt.cause)
			}
			refused := ""
			for text := range strings.Lines(log.log.String()) {
				var line map[string]any
				if json.Unmarshal([]byte(text), &line) == nil && line["message"] == "refused" {
					refused, _ = line["reason"].(string)
				}
			}
			if refused != tt.want {
				t.Errorf("refused for %q, want %q", refused, tt.want)
			}
		})
	}
}

// serveUntilStopped serves until stop was called, and stop returns when all connections have ended.
func serveUntilStopped(t *testing.T, l net.Listener, h http.Handler) (stop func()) {
	t.Helper()
	server := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { server <- serve(ctx, l, h, testLog()) }()
	return func() {
		cancel()
		if err := <-server; err != nil {
			t.Error(err)
		}
	}
}

// What cleans a User-Agent leaves bodies alone, and knows a header that comes in parts.
func TestCleanedUserAgents(t *testing.T) {
	const odd = "User-Agent: a\x17b\r\n"
	for name, tt := range map[string]struct {
		parts []string
		want  string
	}{
		"at once":          {[]string{"GET / HTTP/1.1\r\n" + odd + "\r\n"}, "GET / HTTP/1.1\r\nUser-Agent: a?b\r\n\r\n"},
		"in parts":         {[]string{"GET / HTTP/1.1\r\nUser-Ag", "ent: a", "\x17", "b\r\n\r\n"}, "GET / HTTP/1.1\r\nUser-Agent: a?b\r\n\r\n"},
		"in a body":        {[]string{"PUT / HTTP/1.1\r\n\r\n" + odd + "\r\n"}, "PUT / HTTP/1.1\r\n\r\n" + odd + "\r\n"},
		"in a later body":  {[]string{"PUT / HTTP/1.1\r\n\r\n", odd}, "PUT / HTTP/1.1\r\n\r\n" + odd},
		"body without CR":  {[]string{"PUT / HTTP/1.1\n\n" + odd}, "PUT / HTTP/1.1\n\n" + odd},
		"another header":   {[]string{"GET / HTTP/1.1\r\nX-User-Agent: a\x17\r\n\r\n"}, "GET / HTTP/1.1\r\nX-User-Agent: a\x17\r\n\r\n"},
		"the request line": {[]string{"User-Agent:\x17 / HTTP/1.1\r\n\r\n"}, "User-Agent:\x17 / HTTP/1.1\r\n\r\n"},
		"tab":              {[]string{"GET / HTTP/1.1\r\nUser-Agent: a\tb\r\n\r\n"}, "GET / HTTP/1.1\r\nUser-Agent: a\tb\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &requestWatch{}
			got := ""
			for _, part := range tt.parts {
				p := []byte(part)
				w.read(p)
				got += string(p)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Each request on a connection has its own log line, whoever answers it. A binary body reaches its handler unchanged.
func TestUnservedAfterServed(t *testing.T) {
	t.Parallel()
	for _, secure := range []*tls.Config{nil, newAuthority(t).server(t).Config()} {
		s := newSite(t, "", nil)
		dial := s.serve(t, secure)
		body := "\r\n\r\nUser-Agent: \x17\x01\r\n\r\n"
		conn := dial()
		in := bufio.NewReader(conn)
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		for _, step := range []struct {
			raw    string
			status int
		}{
			{"GET FILE HTTP/1.1\r\nHost: x\r\nUser-Agent: \x17\r\n\r\n", 200},
			{fmt.Sprintf("PUT /phoneprov/0011223344aa.log HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body), 201},
			{"GET /phoneprov/0011223344aa.log HTTP/1.1\r\nHost: x\r\nUser-Agent: \x17\r\n\r\n", 200},
			{"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		} {
			io.WriteString(conn, strings.ReplaceAll(step.raw, "FILE", unservedFile))
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("%q: %v", step.raw, err)
			}
			got, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != step.status || strings.HasPrefix(step.raw, "GET /phoneprov/0011223344aa.log") && string(got) != body {
				t.Errorf("%q: got %d %q", step.raw, resp.StatusCode, got)
			}
		}
		conn.Close()
		if lines := requestLines(t, s.bench.log.String()); len(lines) != 4 {
			t.Errorf("%d lines: %s", len(lines), &s.bench.log)
		}
	}
}
