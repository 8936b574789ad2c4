package httpapi

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A client that closes its sending side after the request gets its answer, although the handler takes its time.
func TestHalfClosedClientIsAnswered(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	config := authority.server(t).Config()
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "TLS"}[secure], func(t *testing.T) {
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
					t.Errorf("the request was canceled: %v", r.Context().Err())
				case <-time.After(100 * time.Millisecond): // the end of the request has arrived
				}
				io.WriteString(w, "answer")
			})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := l.Addr().String()
			if secure {
				l = TLS(l, config)
			}
			serveUntilEnd(t, l, h)
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(30 * time.Second))
			if secure {
				conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
			}
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != "answer" || err != nil {
				t.Errorf("got %q, %v", body, err)
			}
			if n, err := conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("the connection is not closed after the answer: %d bytes", n)
			}
		})
	}
}

// A half-closed connection is closed, and its request canceled, when it has to make room for another.
func TestHalfClosedConnectionMakesRoom(t *testing.T) {
	begun, canceled := make(chan struct{}, 2), make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cs := newConnections(1)
	served := make(chan error, 1)
	go func() {
		served <- cs.Serve(t.Context(), l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun <- struct{}{}
			if r.URL.Path == "/wait" {
				<-r.Context().Done()
				close(canceled)
			}
		}), testLog())
	}()
	t.Cleanup(func() {
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{"/wait", "/"} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		sendGet(conn, path)
		conn.(*net.TCPConn).CloseWrite()
		<-begun
	}
	select {
	case <-canceled:
	case <-time.After(30 * time.Second):
		t.Error("the request goes on")
	}
}

// The end of a read is delayed until stop, in whatever order the two come.
func TestHalfCloseOrder(t *testing.T) {
	for name, before := range map[string]bool{"stop before the end": true, "stop after the end": false} {
		t.Run(name, func(t *testing.T) {
			var h halfClose
			if before {
				h.stop(net.ErrClosed)
			} else {
				time.AfterFunc(10*time.Millisecond, func() { h.stop(net.ErrClosed) })
			}
			if err := h.end(make([]byte, 1), io.EOF); err != net.ErrClosed {
				t.Errorf("got %v", err)
			}
			if err := h.end(make([]byte, 2), io.EOF); err != io.EOF {
				t.Errorf("a read of two bytes: got %v", err)
			}
		})
	}
}
