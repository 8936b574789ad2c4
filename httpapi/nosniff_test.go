package httpapi

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Every answer of every listener has the header once, over TLS too: ours, and those that net/http gives by itself.
func TestNosniffOnEveryAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Uploads.Mode = UploadsDiscard
	plain := func(address string) func() (net.Conn, error) {
		return func() (net.Conn, error) { return net.Dial("tcp", address) }
	}
	listeners := map[string]func() (net.Conn, error){
		"phones": plain(listen(t, Phones(b.Options))), "admin": plain(listen(t, Admin(b.Options))),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveUntilEnd(t, TLS(l, newAuthority(t).server(t).Config()), Phones(b.Options))
	listeners["TLS"] = func() (net.Conn, error) {
		return tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	}
	seen := map[int]bool{}
	for _, request := range []string{
		"GET /phoneprov/0011223344aa.cfg HTTP/1.1\r\nHost: x\r\n",
		"HEAD /phoneprov/0011223344aa.cfg HTTP/1.1\r\nHost: x\r\n",
		"GET /phoneprov/none.cfg HTTP/1.1\r\nHost: x\r\n",
		"PUT /phoneprov/0011223344aa-app.log HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n",
		"DELETE /phoneprov/0011223344aa.cfg HTTP/1.1\r\nHost: x\r\n",
		"GET /healthz HTTP/1.1\r\nHost: x\r\n", "GET /readyz HTTP/1.1\r\nHost: x\r\n", "PUT /readyz HTTP/1.1\r\nHost: x\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.0\r\n",
		"nonsense\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/3.0\r\nHost: x\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\n", "GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n",
		"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("x", 2*maxHeaderBytes) + "\r\n",
	} {
		for name, dial := range listeners {
			// The second time after another answer on the same connection.
			for _, before := range []string{"", "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"} {
				status, header := lastAnswer(t, dial, before, request+"\r\n")
				seen[status] = true
				if got := header.Values(nosniffHeader); len(got) != 1 || got[0] != nosniff {
					t.Errorf("%s: %.60q after %.10q: got %d %v, want %s once", name, request, before, status, header, nosniffHeader)
				}
			}
		}
	}
	for _, status := range []int{200, 201, 400, 404, 405, 417, 431, 501, 505} {
		if !seen[status] {
			t.Errorf("no answer was %d; there were %v", status, seen)
		}
	}
}

// lastAnswer sends one request or two on a connection, and returns the status and header of the last answer.
func lastAnswer(t *testing.T, dial func() (net.Conn, error), before, request string) (int, http.Header) {
	t.Helper()
	conn, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	answers := bufio.NewReader(conn)
	var resp *http.Response
	for _, text := range []string{before, request} {
		if text == "" {
			continue
		}
		fmt.Fprint(conn, text)
		method, _, _ := strings.Cut(text, " ")
		if resp, err = http.ReadResponse(answers, &http.Request{Method: method}); err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		resp.Body.Close()
	}
	return resp.StatusCode, resp.Header
}
