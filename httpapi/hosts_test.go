package httpapi

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	local4 := &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 8080}
	local6 := &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 8080}
	local80 := &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 80}
	for _, tt := range []struct {
		name, host string
		local      net.Addr
		want       string // SERVER
		url        string // the host of a URL
	}{
		{"name", "pbx.example.com", local4, "pbx.example.com", "pbx.example.com"},
		{"name and port", "pbx.example.com:8080", local4, "pbx.example.com", "pbx.example.com:8080"},
		{"name of a container", "phone_prov-1", local4, "phone_prov-1", "phone_prov-1"},
		{"root dot", "pbx.example.com.", local4, "pbx.example.com.", "pbx.example.com."},
		{"IPv4", "198.51.100.7:8080", local4, "198.51.100.7", "198.51.100.7:8080"},
		{"IPv6", "[2001:DB8::7]:8080", local4, "2001:db8::7", "[2001:db8::7]:8080"},
		{"IPv6 without port", "[2001:db8::7]", local4, "2001:db8::7", "[2001:db8::7]"},
		{"IPv6 without brackets", "2001:db8::7", local4, "2001:db8::7", "[2001:db8::7]"},
		{"IPv6 with zone", "[fe80::7%25eth0]", local4, "fe80::7", "[fe80::7]"},
		{"IPv4 in IPv6", "[::ffff:198.51.100.7]:80", local4, "198.51.100.7", "198.51.100.7:80"},
		{"empty", "", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"empty, IPv6 connection", "", local6, "fe80::1", "[fe80::1]:8080"},
		{"empty, no connection", "", nil, "", ""},
		{"any address", "0.0.0.0", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"markup", "a<b>.example", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"substitution", "${SECRET}", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"quote", `a"b`, local4, "192.0.2.1", "192.0.2.1:8080"},
		{"blank", "a b", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"line break", "a\r\nb", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"user", "user@host", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"path", "host/path", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"empty label", "a..b", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"hyphen first", "-a.b", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"long label", strings.Repeat("a", 64) + ".b", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"long name", strings.Repeat("a.", 127) + "b", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"port of no number", "pbx.example.com:x", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"port beyond all", "pbx.example.com:65536", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"port 0", "pbx.example.com:0", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"port with a sign", "pbx.example.com:+80", local4, "192.0.2.1", "192.0.2.1:8080"},
		{"empty port", "pbx.example.com:", local4, "pbx.example.com", "pbx.example.com"},
		{"empty, at the scheme's port", "", local80, "192.0.2.1", "192.0.2.1"},
		{"not ASCII", "pbx.exämple", local4, "192.0.2.1", "192.0.2.1:8080"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = tt.host
			if tt.local != nil {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tt.local))
			}
			if got := originOf(r, new(api).client(r)); got.host != tt.want || got.urlHost() != tt.url || got.scheme != "http" {
				t.Errorf("Host %q: got %q, %q; want %q, %q", tt.host, got.host, got.urlHost(), tt.want, tt.url)
			}
			r.TLS = &tls.ConnectionState{}
			if got := originOf(r, new(api).client(r)).scheme; got != "https" {
				t.Errorf("over TLS: got %q", got)
			}
		})
	}
}
