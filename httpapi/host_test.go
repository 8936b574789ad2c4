package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestServerAddress(t *testing.T) {
	local4 := &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 8080}
	local6 := &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 8080}
	for _, tt := range []struct {
		name, host string
		local      net.Addr
		want       string
	}{
		{"name", "pbx.example.com", local4, "pbx.example.com"},
		{"name and port", "pbx.example.com:8080", local4, "pbx.example.com"},
		{"name of a container", "phone_prov-1", local4, "phone_prov-1"},
		{"root dot", "pbx.example.com.", local4, "pbx.example.com."},
		{"IPv4", "198.51.100.7:8080", local4, "198.51.100.7"},
		{"IPv6", "[2001:DB8::7]:8080", local4, "2001:db8::7"},
		{"IPv6 without port", "[2001:db8::7]", local4, "2001:db8::7"},
		{"IPv6 without brackets", "2001:db8::7", local4, "2001:db8::7"},
		{"IPv6 with zone", "[fe80::7%25eth0]", local4, "fe80::7"},
		{"IPv4 in IPv6", "[::ffff:198.51.100.7]:80", local4, "198.51.100.7"},
		{"empty", "", local4, "192.0.2.1"},
		{"empty, IPv6 connection", "", local6, "fe80::1"},
		{"empty, no connection", "", nil, ""},
		{"any address", "0.0.0.0", local4, "192.0.2.1"},
		{"markup", "a<b>.example", local4, "192.0.2.1"},
		{"substitution", "${SECRET}", local4, "192.0.2.1"},
		{"quote", `a"b`, local4, "192.0.2.1"},
		{"blank", "a b", local4, "192.0.2.1"},
		{"line break", "a\r\nb", local4, "192.0.2.1"},
		{"user", "user@host", local4, "192.0.2.1"},
		{"path", "host/path", local4, "192.0.2.1"},
		{"empty label", "a..b", local4, "192.0.2.1"},
		{"hyphen first", "-a.b", local4, "192.0.2.1"},
		{"long label", strings.Repeat("a", 64) + ".b", local4, "192.0.2.1"},
		{"long name", strings.Repeat("a.", 127) + "b", local4, "192.0.2.1"},
		{"not ASCII", "pbx.exämple", local4, "192.0.2.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = tt.host
			if tt.local != nil {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tt.local))
			}
			if got := serverAddress(r, r.Host); got != tt.want {
				t.Errorf("Host %q: got %q, want %q", tt.host, got, tt.want)
			}
		})
	}
}
