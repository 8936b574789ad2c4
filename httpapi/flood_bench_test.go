package httpapi

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// floodSite is the service on loopback, with a proxy's headers believed, so that a client can come from anywhere.
func floodSite(t testing.TB, cs *Connections, big string) (s *site, addr string) {
	t.Helper()
	s = newSite(t, "static_file => big.bin\n", map[string]string{"static/big.bin": big})
	s.Log = zerolog.New(io.Discard)
	s.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- cs.Serve(ctx, l, Phones(s.Options), zerolog.Nop()) }()
	t.Cleanup(func() {
		cancel()
		<-served // connections of a flood may be cut off
	})
	return s, l.Addr().String()
}

// memory is what the process holds of heap and stacks, in bytes, after a collection.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// fetchTimes requests the phone's file n times, each time on a new connection, as after a power cut. It returns the
// durations in order. A phone waits for half a minute; no request may take that long.
func fetchTimes(t testing.TB, addr string, n int) []time.Duration {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	times := make([]time.Duration, n)
	for i := range times {
		r, err := http.NewRequest(http.MethodGet, "http://"+addr+phoneTarget, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", "192.168.1.5") // loopback is the site's proxy
		start := time.Now()
		resp, err := client.Do(r)
		if err != nil {
			t.Fatalf("the known phone: %v", err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), attackSecret) {
			t.Fatalf("the known phone got %d %q, %v", resp.StatusCode, body, err)
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return times
}

// floods are what attackers keep up while a known phone fetches. Each begins its load, and ends it when stop is closed.
var floods = []struct {
	name  string
	begin func(t testing.TB, addr string, stop chan struct{}, done *sync.WaitGroup) (connections int)
}{
	{"rest", func(testing.TB, string, chan struct{}, *sync.WaitGroup) int { return 0 }},
	{"idle_connections", func(t testing.TB, addr string, _ chan struct{}, _ *sync.WaitGroup) int {
		return held{addr, 10000, "GET /phoneprov/x HTTP/1.1\r\nHost: pbx.test\r\n\r\n", true}.by(t)
	}},
	{"silent_connections", func(t testing.TB, addr string, _ chan struct{}, _ *sync.WaitGroup) int {
		return held{addr, 10000, "", false}.by(t)
	}},
	{"half_headers", func(t testing.TB, addr string, _ chan struct{}, _ *sync.WaitGroup) int {
		return held{addr, 10000, "GET /phoneprov/x HTTP/1.1\r\nX: " + strings.Repeat("y", 4000), false}.by(t)
	}},
	{"half_headers_of_15_kB", func(t testing.TB, addr string, _ chan struct{}, _ *sync.WaitGroup) int {
		return held{addr, 10000, "GET /phoneprov/x HTTP/1.1\r\nX: " + strings.Repeat("y", 15000), false}.by(t)
	}},
	{"slow_readers", func(t testing.TB, addr string, _ chan struct{}, _ *sync.WaitGroup) int {
		return held{addr, 1000, "GET /phoneprov/big.bin HTTP/1.1\r\nHost: pbx.test\r\n\r\n", false}.by(t)
	}},
	{"slow_writers", func(t testing.TB, addr string, _ chan struct{}, _ *sync.WaitGroup) int {
		return held{addr, 1000, "PUT /phoneprov/0011223344aa-app.log HTTP/1.1\r\nHost: pbx.test\r\nContent-Length: 1000000\r\n\r\nx", false}.by(t)
	}},
	{"header_flood", repeat("GET /phoneprov/x HTTP/1.1\r\nHost: pbx.test\r\n" + strings.Repeat("X: y\r\n", 10000) + "\r\n")},
	{"huge_paths", repeat("GET /phoneprov/" + strings.Repeat("%2e%2e/", 2000) + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n")},
	{"unknown_names", func(t testing.TB, addr string, stop chan struct{}, done *sync.WaitGroup) int {
		for range floodClients {
			done.Go(func() {
				client := http.Client{Transport: &http.Transport{MaxIdleConns: 1}}
				defer client.CloseIdleConnections()
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					r, _ := http.NewRequest("GET", fmt.Sprintf("http://%s/phoneprov/%012x.cfg", addr, rand.Uint64()>>16|1), nil)
					r.Header.Set("X-Forwarded-For", fmt.Sprintf("2001:db8:%x:%x::1", rand.N(1<<16), rand.N(1<<16)))
					if resp, err := client.Do(r); err == nil {
						io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
				}
			})
		}
		return 0
	}},
}

// by has it done, and says how many connections it is.
func (h held) by(t testing.TB) int {
	hold(t, h)
	return h.N
}

// floodClients make requests without a pause, each on one connection after the other.
const floodClients = 8

// repeat sends a text over and over, each time on a new connection.
func repeat(text string) func(testing.TB, string, chan struct{}, *sync.WaitGroup) int {
	return func(_ testing.TB, addr string, stop chan struct{}, done *sync.WaitGroup) int {
		for range floodClients {
			done.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					c, err := net.DialTimeout("tcp", addr, 5*time.Second)
					if err != nil {
						continue
					}
					c.SetDeadline(time.Now().Add(5 * time.Second))
					io.WriteString(c, text)
					io.Copy(io.Discard, c)
					c.Close()
				}
			})
		}
		return 0
	}
}

// BenchmarkUnderFlood measures a known phone's fetch at rest and under each load: ns/op is its mean, p99-ms what one in a
// hundred waits, x-rest how often the mean at rest it is, MB what all of the process holds under the load, B/conn what a connection costs.
func BenchmarkUnderFlood(b *testing.B) {
	var rest float64
	for _, load := range floods {
		b.Run(load.name, func(b *testing.B) {
			_, addr := floodSite(b, NewConnections(otherFiles), strings.Repeat("firmware", 4<<20))
			fetchTimes(b, addr, 20) // what is made once
			before := memory()
			stop := make(chan struct{})
			var done sync.WaitGroup
			n := load.begin(b, addr, stop, &done)
			defer done.Wait()
			defer close(stop)
			held := memory()
			b.ResetTimer()
			times := fetchTimes(b, addr, b.N)
			b.StopTimer()
			mean := float64(b.Elapsed()) / float64(b.N)
			if load.name == "rest" {
				rest = mean
			}
			b.ReportMetric(float64(times[len(times)*99/100])/1e6, "p99-ms")
			if rest > 0 {
				b.ReportMetric(mean/rest, "x-rest")
			}
			b.ReportMetric(float64(held)/1e6, "MB")
			if n > 0 {
				b.ReportMetric(float64(held-before)/float64(min(n, maxConnections)), "B/conn")
			}
		})
	}
}
