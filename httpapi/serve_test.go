package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, so that the clock of synctest is the only one.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				cancel()
				synctest.Wait()
				io.WriteString(w, "whole")
			}), testLog())
		}()
		conn := l.dial()
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer, err := io.ReadAll(conn)
		if !strings.HasSuffix(string(answer), "whole") {
			t.Errorf("got %q, %v", answer, err)
		}
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

func TestServeEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		var log bytes.Buffer
		started := make(chan struct{})
		go func() {
			done <- serve(ctx, l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(started)
				<-r.Context().Done()
			}), testLog(&log))
		}()
		conn := l.dial()
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-started
		cancel()
		start := time.Now()
		if err := <-done; err != nil {
			t.Errorf("Serve: got %v, want nil: a slow answer is no failure", err)
		}
		if want := `"answers":1,"after":"5s","message":"answers under way were cut off`; !strings.Contains(log.String(), want) {
			t.Errorf("logged %s, want %s", &log, want)
		}
		if took := time.Since(start); took != shutdownTimeout {
			t.Errorf("took %v, want %v", took, shutdownTimeout)
		}
		conn.Close()
	})
}

func TestIdleAndSlowHeadersEnd(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		want       time.Duration
		tls        bool
	}{
		{"half a header", "GET / HTTP/1.1\r\nHo", headerTimeout, false},
		{"idle", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", idleTimeout, false},
		{"no handshake", "", headerTimeout, true},
		{"half a handshake", "\x16\x03\x01\x02\x00", headerTimeout, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				served := net.Listener(l)
				if tt.tls {
					served = tls.NewListener(l, &tls.Config{Certificates: make([]tls.Certificate, 1)}) // no hello, no certificate
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- serve(ctx, served, http.NotFoundHandler(), testLog()) }()
				conn := l.dial()
				start := time.Now()
				fmt.Fprint(conn, tt.sent)
				io.Copy(io.Discard, conn)
				if took := time.Since(start); took != tt.want {
					t.Errorf("the connection ended after %v, want %v", took, tt.want)
				}
				cancel()
				<-done
			})
		})
	}
}

// A phone may take as long as it likes, as long as it takes something.
func TestSlowPhone(t *testing.T) {
	content := bytes.Repeat([]byte("firmware"), 20*chunk/8)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(newResponseWriter(w), r, "", time.Time{}, bytes.NewReader(content))
	})
	for _, tt := range []struct {
		name  string
		pause time.Duration // between chunks
		whole bool
	}{
		{"slow", writeTimeout / 3, true},
		{"stuck", writeTimeout * 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- serve(ctx, l, h, testLog()) }()
				conn := l.dial()
				fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				var got bytes.Buffer
				for {
					time.Sleep(tt.pause) // the clock of synctest
					if n, err := io.CopyN(&got, conn, chunk); err != nil || n < chunk {
						break
					}
				}
				if whole := bytes.HasSuffix(got.Bytes(), content); whole != tt.whole {
					t.Errorf("got %d bytes of %d; whole: %v, want %v", got.Len(), len(content), whole, tt.whole)
				}
				cancel()
				<-done
			})
		})
	}
}

// net/http would answer this one itself with 200.
func TestOptionsOfTheServer(t *testing.T) {
	b := newBench(t)
	for name, h := range map[string]http.Handler{"phones": Phones(b.Options), "admin": Admin(b.Options)} {
		status, body := rawRequest(t, listen(t, h), "OPTIONS", "*")
		if status != 404 || body != "Not Found\n" {
			t.Errorf("%s: got %d %q, want 404", name, status, body)
		}
	}
}

func TestServeReportsAClosedListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var log bytes.Buffer
	if err := serve(t.Context(), l, http.NotFoundHandler(), testLog(&log)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}
