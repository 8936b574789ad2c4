package httpapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// BenchmarkLoopback is a kept file with net/http and a client on a connection that stays open.
func BenchmarkLoopback(b *testing.B) {
	server := httptest.NewServer(benchPhones(b, 100))
	defer server.Close()
	client := server.Client()
	b.ReportAllocs()
	for b.Loop() {
		resp, err := client.Get(server.URL + "/phoneprov/000000000007.cfg")
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatalf("%s, %v", resp.Status, err)
		}
		resp.Body.Close()
		b.SetBytes(n)
	}
}

// BenchmarkClient is who asks, of the connection and of a proxy's header.
func BenchmarkClient(b *testing.B) {
	a := newAPI(Options{Access: Access{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	r := httptest.NewRequest("GET", "/phoneprov/x", nil)
	r.Header.Set("User-Agent", "Yealink SIP-T46S 66.84.0.15 00:15:65:aa:bb:cc")
	for name, forwarded := range map[string]string{"direct": "", "behind a proxy": "198.51.100.7, 192.0.2.9"} {
		b.Run(name, func(b *testing.B) {
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
			b.ReportAllocs()
			for b.Loop() {
				a.client(r)
			}
		})
	}
}
