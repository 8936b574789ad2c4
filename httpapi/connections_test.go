package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// sourced is a listener that gives its connections the addresses of sources, in order. Later connections keep their
// own.
type sourced struct {
	net.Listener
	sources chan string
}

func (l sourced) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	select {
	case source := <-l.sources:
		return sourcedConn{c, &net.TCPAddr{IP: net.ParseIP(source)}}, err
	default:
		return c, err
	}
}

type sourcedConn struct {
	net.Conn
	source net.Addr
}

func (c sourcedConn) RemoteAddr() net.Addr { return c.source }

// boundServer answers "/wait" when release is closed, and any other path at once. It bounds the number of connections.
// The first connections come from the sources.
func boundServer(t *testing.T, most int, sources ...string) (addr string, begun, release, rested chan struct{}) {
	t.Helper()
	begun, release, rested = make(chan struct{}, 100), make(chan struct{}), make(chan struct{}, 100)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			begun <- struct{}{}
			<-release
		}
		io.WriteString(w, "done")
	})}
	newConnections(most).limit(s)
	state := s.ConnState
	s.ConnState = func(c net.Conn, now http.ConnState) {
		state(c, now)
		if now == http.StateIdle {
			rested <- struct{}{}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	from := sourced{l, make(chan string, len(sources))}
	for _, source := range sources {
		from.sources <- source
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(from) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return l.Addr().String(), begun, release, rested
}

// dialFrom connects from an address of loopback.
func dialFrom(t *testing.T, addr, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: testkit.Patience}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		testkit.NeedAddress(t, from)
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(testkit.Patience))
	return c
}

func sendGet(c net.Conn, path string) { fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path) }

// answered reports whether a connection gets the answer to a request, or was closed.
func answered(t *testing.T, c net.Conn) bool {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Fatal("neither answered nor closed")
		}
		return false
	}
	body, err := io.ReadAll(resp.Body)
	return err == nil && string(body) == "done"
}

// The connection that has waited longest makes room; one that is being answered does not.
func TestWaitingConnectionsMakeRoom(t *testing.T) {
	addr, begun, release, rested := boundServer(t, 3)
	busy := dialFrom(t, addr, "127.0.0.1")
	sendGet(busy, "/wait")
	<-begun
	var others []net.Conn
	for range 6 { // two of them have room beside the busy one
		c := dialFrom(t, addr, "127.0.0.1")
		sendGet(c, "/")
		if !answered(t, c) {
			t.Fatal("a new connection was turned away")
		}
		<-rested // the client may have its answer before the server counts the connection as waiting
		others = append(others, c)
	}
	for i, c := range others {
		sendGet(c, "/")
		if got, want := answered(t, c), i >= 4; got != want {
			t.Errorf("connection %d: answered again: %v, want %v", i, got, want)
		}
	}
	close(release)
	if !answered(t, busy) {
		t.Error("the busy one was closed")
	}
}

// Where all are being answered, the source that has most of them loses its oldest.
func TestBusyConnectionsMakeRoom(t *testing.T) {
	sources := []string{"192.0.2.2", "192.0.2.1", "192.0.2.1", "192.0.2.3", "192.0.2.4"}
	addr, begun, release, _ := boundServer(t, 4, sources...)
	var conns []net.Conn
	for range 4 {
		c := dialFrom(t, addr, "127.0.0.1")
		sendGet(c, "/wait")
		<-begun
		conns = append(conns, c)
	}
	c := dialFrom(t, addr, "127.0.0.1")
	sendGet(c, "/")
	if !answered(t, c) {
		t.Error("the new one was turned away")
	}
	close(release)
	for i, c := range conns {
		if got, want := answered(t, c), i != 1; got != want {
			t.Errorf("connection %d: answered: %v, want %v", i, got, want)
		}
	}
}

// A TLS connection makes room at once, whether it has shaken hands, is at it, or does not read what it is told.
func TestTLSConnectionsMakeRoom(t *testing.T) {
	ca := newAuthority(t)
	config := ca.server(t).Config()
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "done") })}
	newConnections(2).limit(s)
	rested := make(chan struct{}, 100)
	state := s.ConnState
	s.ConnState = func(c net.Conn, now http.ConnState) {
		state(c, now)
		if now == http.StateIdle {
			rested <- struct{}{}
		}
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	s.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that were cut off
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	defer func() {
		s.Close()
		<-served
	}()
	addr := l.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	var old []net.Conn
	for i := range 6 {
		c := dialFrom(t, addr, "127.0.0.1")
		switch i % 3 {
		case 0: // says nothing
		case 1:
			c.Write([]byte{0x16, 0x03, 0x01, 0x02, 0x00}) // half a handshake
		case 2:
			c = tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
			sendGet(c, "/")
			if !answered(t, c) {
				t.Fatal("a new connection was turned away")
			}
			<-rested // the server counts it as waiting
		}
		old = append(old, c)
	}
	for i, c := range old[:4] {
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d is still open", i)
		}
	}
}

// Connections come and go in any order, and none is counted twice or for ever.
func TestConnectionsAreCounted(t *testing.T) {
	s := &http.Server{Handler: http.NotFoundHandler()}
	cs := newConnections(8)
	cs.limit(s)
	h := s.Handler
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				client, server := net.Pipe()
				ctx := s.ConnContext(context.Background(), server)
				c, _ := ctx.Value(connectionKey{}).(*connection)
				r, _ := http.NewRequestWithContext(ctx, "GET", "/", nil)
				c.received(100)
				h.ServeHTTP(discard{}, r)
				c.received(100)
				s.ConnState(server, http.StateIdle)
				h.ServeHTTP(discard{}, r)
				s.ConnState(server, http.StateIdle)
				c.received(100)
				s.ConnState(server, http.StateClosed)
				s.ConnState(server, http.StateClosed)
				h.ServeHTTP(discard{}, r) // its goroutine may not have ended yet
				s.ConnState(server, http.StateIdle)
				client.Close()
			}
		})
	}
	all.Wait()
	if len(cs.all) != 0 || cs.waiting.n != 0 || cs.busy.n != 0 || len(cs.waiting.sources) != 0 || len(cs.busy.sources) != 0 || cs.sent.Load() != 0 {
		t.Errorf("more are counted than there are: %+v", cs)
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// Too many connections take a bounded amount of memory, in any state. A known phone is served at the same time.
func TestMoreConnectionsThanMayBeOpen(t *testing.T) {
	const mostMB = 130 // measured: 62 to 95; with the 15 kB not bounded 283
	for _, load := range []struct {
		name string
		held
		largest bool // of all loads it takes the most memory: as many connections as may be open
	}{
		{name: "idle", held: held{Text: "GET /phoneprov/x HTTP/1.1\r\nHost: pbx.test\r\n\r\n", Answered: true}},
		{name: "silent"},
		{name: "half a header", held: held{Text: "GET /phoneprov/x HTTP/1.1\r\nX: " + strings.Repeat("y", 4000)}},
		{name: "half a header of 15 kB", largest: true, held: held{Text: "GET /phoneprov/x HTTP/1.1\r\nX: " + strings.Repeat("y", 15000)}},
		{name: "many lines of a header", held: held{Text: "GET /phoneprov/x HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 2200)}},
		{name: "slow upload", held: held{Text: "PUT /phoneprov/0011223344ab-app.log HTTP/1.1\r\nHost: pbx.test\r\nContent-Length: 1000000\r\n\r\nx"}},
	} {
		t.Run(load.name, func(t *testing.T) {
			most := skips.Size(t, 300, 100)
			if load.largest {
				most = skips.Size(t, maxConnections, most)
			}
			_, addr := floodSite(t, newConnections(most), "")
			before := memory()
			load.Addr, load.N = addr, most*3/2
			hold(t, load.held)
			fetchTimes(t, addr, 50)
			if mb := (memory() - before) / 1e6; mb > mostMB {
				t.Errorf("%d MB are in use", mb)
			}
		})
	}
}

// Unknown names from ever new sources cost a bounded memory, and a known phone is served beside them.
func TestUnknownNamesFromEverywhere(t *testing.T) {
	const mostEach = 1500 // bytes; measured: 300
	requests := skips.Size(t, 20_000, 4_000)
	s := newSite(t, "", nil)
	s.Log = testLog()
	h := Phones(s.Options)
	before := memory()
	for i := range requests {
		w := from(h, fmt.Sprintf("[2001:db8:%x::1]:1", i), fmt.Sprintf("0004f2%06x.cfg", i), nil)
		if w.Code != 404 {
			t.Fatalf("request %d: got %d", i, w.Code)
		}
	}
	if w := from(h, lan, "0011223344aa.cfg", nil); w.Code != 200 {
		t.Errorf("the known phone: got %d", w.Code)
	}
	if each := (memory() - before) / int64(requests); each > mostEach {
		t.Errorf("%d bytes are in use for each request", each)
	}
}

// A phone may send as slowly as it likes, for readTimeout; it is not waited for longer, and what came is not kept.
func TestSlowUploadEnds(t *testing.T) {
	s := newSite(t, "", nil)
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		o := s.Options
		h := Phones(o)
		go func() {
			done <- serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.RemoteAddr = "127.0.0.1:1"
				h.ServeHTTP(w, r)
			}), testLog())
		}()
		conn := l.dial()
		start := time.Now()
		fmt.Fprint(conn, "PUT /phoneprov/0011223344aa-app.log HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		var writer sync.WaitGroup
		writer.Go(func() {
			for {
				time.Sleep(time.Second) // the clock of synctest
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
			}
		})
		answer, _ := io.ReadAll(conn)
		if took := time.Since(start); took < readTimeout || took > readTimeout+2*time.Second {
			t.Errorf("it ended after %v", took)
		}
		if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("got %q", answer)
		}
		conn.Close()
		writer.Wait()
		cancel()
		<-done
	})
	if files := tree(t, s.dir+"/uploads"); len(files) != 0 {
		t.Errorf("kept %q", files)
	}
}
