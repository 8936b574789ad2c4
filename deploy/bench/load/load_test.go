package load

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

func get(path string, want int) Request {
	return Request{Source: Loopback(0), Text: "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n", Want: want}
}

// sources starts a server that remembers where requests came from and calls h.
func sources(t *testing.T, h http.HandlerFunc) (address string, seen func() map[string]int) {
	var mu sync.Mutex
	from := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		from[r.RemoteAddr]++
		mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(from)
	}
}

func TestEveryRequestFromItsSource(t *testing.T) {
	address, seen := sources(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x") })
	got := Run(context.Background(), Plan{Address: address, Rate: 1000, Duration: 50 * time.Millisecond, Next: func(i int) Request {
		q := get("/", 200)
		q.Source = Loopback(i)
		return q
	}})
	if len(got.Latencies) != 50 || got.Failed() != 0 {
		t.Fatalf("%d answers, errors %v", len(got.Latencies), got.Errors)
	}
	hosts := map[netip.Addr]bool{}
	for remote := range seen() {
		hosts[netip.MustParseAddrPort(remote).Addr()] = true
	}
	if len(hosts) != 50 || !hosts[Loopback(49)] {
		t.Errorf("%d sources, want 50", len(hosts))
	}
}

func TestKeep(t *testing.T) {
	address, seen := sources(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "x") })
	got := Run(context.Background(), Plan{Address: address, Rate: 200, Duration: 100 * time.Millisecond, Keep: true,
		Next: func(int) Request { return get("/", 200) }})
	if len(got.Latencies) != 20 || len(seen()) >= 20 {
		t.Errorf("%d answers over %d connections, errors %v", len(got.Latencies), len(seen()), got.Errors)
	}
}

func TestErrorsAreCounted(t *testing.T) {
	address, _ := sources(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			panic(http.ErrAbortHandler)
		}
		http.NotFound(w, r)
	})
	paths := []Request{get("/", 200), get("/", 404), get("/cut", 200)}
	got := Run(context.Background(), Plan{Address: address, Rate: 300, Duration: 10 * time.Millisecond, Next: func(i int) Request { return paths[i] }})
	want := map[string]int{"status 404 in place of 200": 1, "read: unexpected EOF": 1}
	if !maps.Equal(got.Errors, want) || len(got.Latencies) != 1 || got.Failed() != 2 {
		t.Errorf("got %v and %d answers, want %v", got.Errors, len(got.Latencies), want)
	}
}

// A server that stalls makes late what was due meanwhile, not only what it was asked.
func TestNoOmission(t *testing.T) {
	const stall = 200 * time.Millisecond
	var once sync.Once
	var gate sync.RWMutex
	address, _ := sources(t, func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			gate.Lock()
			time.AfterFunc(stall, gate.Unlock)
		})
		gate.RLock()
		defer gate.RUnlock()
		fmt.Fprint(w, "x")
	})
	got := Run(context.Background(), Plan{Address: address, Rate: 100, Duration: stall, Keep: true, Next: func(int) Request { return get("/", 200) }})
	if len(got.Latencies) != 20 || got.Quantile(0.5) < stall/4 || got.Quantile(0.99) < stall*3/4 {
		t.Errorf("%d answers, median %v, p99 %v: want about half of %v, and all of it", len(got.Latencies), got.Quantile(0.5), got.Quantile(0.99), stall)
	}
}

func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := Run(ctx, Plan{Address: "127.0.0.1:1", Rate: 1, Duration: time.Hour, Next: func(int) Request { return get("/", 200) }})
	if len(got.Latencies)+got.Failed() > 1 {
		t.Errorf("got %+v", got)
	}
}

func TestLoopback(t *testing.T) {
	for i, want := range map[int]string{0: "127.1.0.1", 254: "127.1.0.255", 255: "127.1.1.0", 20_000: "127.1.78.33", 1 << 20: "127.17.0.1"} {
		if got := Loopback(i).String(); got != want {
			t.Errorf("%d: got %s, want %s", i, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	r := Result{Latencies: []time.Duration{1, 2, 3, 4}}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 4, 1: 4} {
		if got := r.Quantile(q); got != want {
			t.Errorf("%v: got %v, want %v", q, got, want)
		}
	}
	if got := (&Result{}).Quantile(0.5); got != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}
