package httpapi

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// joinedPair is a connection as Serve has it, and its other end.
func joinedPair(t *testing.T) (*phoneConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := phoneListener{Listener: l, bounds: newConnections(8), buffers: new(sync.Pool)}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); other.Close() })
	other.SetDeadline(time.Now().Add(10 * time.Second))
	j, ok := c.(*phoneConn)
	if !ok {
		t.Fatalf("Accept made a %T", c)
	}
	return j, other
}

func TestJoined(t *testing.T) {
	for _, tt := range []struct {
		name  string
		size  int64
		parts []int
		held  []int // after each part
	}{
		{"nothing expected", 0, []int{100, 100}, []int{0, 0}},
		{"header and body at once", 100, []int{300}, []int{0}},
		{"a phone's file", 6000, []int{4096, 2200}, []int{4096, 0}},
		{"in three parts", 9000, []int{4096, 4096, 1100}, []int{4096, 8192, 0}},
		{"what follows it", 6000, []int{4096, 2200, 10, 4096}, []int{4096, 0, 0, 0}},
		{"a header that makes it two", 4000, []int{4096, 200}, []int{0, 0}},
		{"a directory", 320_000, []int{4096, 126_000, 190_000}, []int{4096, 0, 0}},
		{"a large first part", 320_000, []int{131_072, 190_000}, []int{0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, other := joinedPair(t)
			c.size = tt.size
			var want []byte
			got := make(chan []byte)
			go func() {
				text, _ := io.ReadAll(other)
				got <- text
			}()
			for i, n := range tt.parts {
				part := bytes.Repeat([]byte{byte('a' + i)}, n)
				want = append(want, part...)
				if m, err := c.Write(part); m != n || err != nil {
					t.Errorf("part %d: got %d, %v", i, m, err)
				}
				held := 0
				if c.held != nil {
					held = len(*c.held)
				}
				if held != tt.held[i] {
					t.Errorf("part %d: %d bytes are held, want %d", i, held, tt.held[i])
				}
			}
			c.Close()
			if text := <-got; !bytes.Equal(text, want) {
				t.Errorf("%d bytes came, want %d", len(text), len(want))
			}
		})
	}
}

func TestJoinedTellsOfFailure(t *testing.T) {
	c, _ := joinedPair(t)
	c.size = 6000
	c.Write(make([]byte, 4096))
	c.SetWriteDeadline(time.Unix(1, 0))
	if n, err := c.Write(make([]byte, 3000)); n != 0 || err == nil {
		t.Errorf("got %d, %v; want an error", n, err)
	}
}

// Answers of every size around the buffers come whole, one after the other on one connection, with others in between.
func TestJoinedAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	size := 0
	b.Renderer = renderFunc(func(context.Context) (*provision.Document, error) {
		return &provision.Document{MIME: "text/plain", Content: strings.NewReader(strings.Repeat("x", size)), Size: int64(size), ETag: `"tag"`}, nil
	})
	phones := Phones(b.Options)
	var held atomic.Int64
	addr := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		phones.ServeHTTP(w, r)
		if c, ok := r.Context().Value(connectionKey{}).(*connection).Conn.(*phoneConn); ok && c.held != nil {
			held.Add(1) // until net/http sends the rest
		}
	}))
	client := http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	ask := func(method, file, condition string) (status int, body string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+addr+"/phoneprov/"+file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if condition != "" {
			r.Header.Set("If-None-Match", condition)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s of %d bytes: %v", method, size, err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%s of %d bytes: %v", method, size, err)
		}
		return resp.StatusCode, string(text)
	}
	sizes := []int{0, 1, 2047, 2048, 4095, 4096, 4097, 6000, 8192, maxHeld - 1, maxHeld, maxHeld + 1, chunk, chunk + 1, 3*chunk + 7}
	for n := 3700; n < 4200; n += 7 {
		sizes = append(sizes, n)
	}
	for _, size = range sizes {
		for _, tt := range []struct {
			method, file, condition string
			status, size            int
		}{
			{"GET", "0011223344aa.cfg", "", 200, size}, {"GET", "unknown", "", 404, len("Not Found\n")},
			{"HEAD", "0011223344aa.cfg", "", 200, 0}, {"GET", "0011223344aa.cfg", `"tag"`, 304, 0},
		} {
			if status, body := ask(tt.method, tt.file, tt.condition); status != tt.status || len(body) != tt.size {
				t.Errorf("%s %s of %d bytes: got %d, %d bytes", tt.method, tt.file, size, status, len(body))
			}
		}
	}
	if held.Load() == 0 {
		t.Error("nothing was held: answers of 6 kB go out in two parts")
	}
}
