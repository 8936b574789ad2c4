package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// listeners are those that the service has.
var listeners = []struct {
	name    string
	handler func(Options) http.Handler
	target  string // that is answered 200
	tls     bool
}{
	{"http", Phones, "/phoneprov/fw.bin", false},
	{"https", Phones, "/phoneprov/fw.bin", true},
	{"admin", Admin, "/healthz", false},
}

// Every listener ends what takes too long, and what is too large, by its own clock.
func TestListenersLimits(t *testing.T) {
	t.Parallel()
	config := newAuthority(t).server(t).Config()
	config.SessionTicketsDisabled = true // which the client would have to read
	for _, l := range listeners {
		get := "GET " + l.target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		for _, tt := range []struct {
			name     string
			before   string // that is sent at once
			trickle  bool   // then a byte a second
			deaf     bool   // the answer is not read
			want     time.Duration
			answered string // what the answer begins with
		}{
			{"nothing", "", false, false, headerTimeout, ""},
			{"half a header", get, false, false, headerTimeout, ""},
			{"a header byte by byte", get + "X: ", true, false, headerTimeout, ""},
			{"idle", get + "\r\n", false, false, idleTimeout, "HTTP/1.1 200 "},
			{"half a header after a request", get + "\r\n" + get, false, false, headerTimeout, "HTTP/1.1 200 "},
			{"a body byte by byte", strings.Replace(get, "GET", "PUT", 1) + "Content-Length: 1000\r\n\r\n", true, false, readTimeout, "HTTP/1.1 4"},
			{"no reading", get + "\r\n", false, true, writeTimeout, ""},
		} {
			t.Run(l.name+"/"+tt.name, func(t *testing.T) {
				s := newSite(t, "", nil)
				synctest.Test(t, func(t *testing.T) {
					pipes := newPipes()
					served := net.Listener(pipes)
					if l.tls {
						served = TLS(pipes, config)
					}
					h := l.handler(s.Options)
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan error, 1)
					go func() {
						done <- serve(ctx, served, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							r.RemoteAddr = "127.0.0.1:1"
							h.ServeHTTP(w, r)
						}), testLog())
					}()
					conn := pipes.dial()
					if l.tls && tt.before != "" {
						c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // the bubble's clock is before the certificate
						if err := c.Handshake(); err != nil {
							t.Fatal(err)
						}
						conn = c
					}
					start := time.Now()
					var writer sync.WaitGroup
					writer.Go(func() {
						_, err := io.WriteString(conn, tt.before)
						for err == nil && tt.trickle {
							time.Sleep(time.Second) // the clock of synctest
							_, err = io.WriteString(conn, "x")
						}
					})
					if tt.deaf { // a pipe has no buffer: the answer waits for us
						time.Sleep(writeTimeout + time.Second)
						conn.SetReadDeadline(time.Now().Add(tt.want - writeTimeout))
					}
					answer, _ := io.ReadAll(conn)
					took := time.Since(start)
					if took < tt.want || took > tt.want+5*time.Second || !strings.HasPrefix(string(answer), tt.answered) {
						t.Errorf("it ended after %v, want %v, with %.60q", took, tt.want, answer)
					}
					conn.Close()
					writer.Wait()
					cancel()
					<-done
				})
			})
		}
	}
}

// One source that floods a listener holds up nobody but itself: phones that are slow with their handshake or header keep their
// connections, whatever the flood is of; whoever is new is served.
func TestOneSourceFloodsItself(t *testing.T) { // not in parallel: its phones have headerTimeout for their requests
	most, phones, flood := 40, 10, 120
	if !skips.Full(t) {
		most, phones, flood = 12, 4, 36
	}
	ca := newAuthority(t)
	config := ca.server(t).Config()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	for _, l := range listeners {
		get := "GET " + l.target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		for _, tt := range []struct {
			name, sent string
			answered   bool
		}{
			{"silent", "", false},
			{"half a header", get + "X: " + strings.Repeat("y", 8000), false},
			{"idle", get + "\r\n", true},
			{"half a handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", false},
		} {
			t.Run(l.name+"/"+tt.name, func(t *testing.T) {
				s := newSite(t, "", nil)
				addr := listenBounded(t, l.handler(s.Options), newConnections(most), l.tls, config)
				half := len(get) / 2
				var slow []net.Conn
				for i := range phones {
					c := dialFrom(t, addr, fmt.Sprintf("127.0.1.%d", i+1))
					if l.tls {
						io.WriteString(c, "\x16") // the client goes on from there
						c = skipFirst{c, new(sync.Once)}
					} else {
						io.WriteString(c, get[:half])
					}
					slow = append(slow, c)
				}
				for range flood {
					c := dialFrom(t, addr, "127.0.2.1")
					if l.tls && tt.answered {
						c = tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
					}
					io.WriteString(c, tt.sent)
					if tt.answered {
						c.Read(make([]byte, 1))
					}
				}
				for i, c := range append(slow, dialFrom(t, addr, "127.0.3.1")) {
					rest := get[half:] + "\r\n"
					if i == len(slow) {
						rest = get + "\r\n"
					}
					if l.tls {
						c, rest = tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}), get+"\r\n"
					}
					io.WriteString(c, rest)
					if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != 200 {
						t.Errorf("phone %d: got %v, %v", i, resp, err)
					}
				}
			})
		}
	}
}

// skipFirst is a connection whose first byte was sent already.
type skipFirst struct {
	net.Conn
	once *sync.Once
}

func (c skipFirst) Write(p []byte) (int, error) {
	skip := 0
	c.once.Do(func() { skip = 1 })
	n, err := c.Conn.Write(p[skip:])
	return n + skip, err
}

// listenBounded serves h on loopback until the test ends, whatever becomes of its connections.
func listenBounded(t testing.TB, h http.Handler, cs *Connections, secure bool, config *tls.Config) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	if secure {
		l = TLS(l, config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- cs.Serve(ctx, l, h, testLog()) }()
	t.Cleanup(func() {
		cancel()
		<-served
	})
	return addr
}
