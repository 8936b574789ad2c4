package access

import (
	"net/netip"
	"strings"
	"testing"
)

func TestClient(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}
	for _, tt := range []struct {
		name, peer, forwarded, want string
		trusted                     bool
	}{
		{"no proxy", "198.51.100.7", "", "198.51.100.7", false},
		{"not a trusted one", "198.51.100.7", "192.168.1.1", "198.51.100.7", false},
		{"trusted", "10.0.0.1", "198.51.100.7", "198.51.100.7", true},
		{"trusted, as IPv4 in IPv6", "::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7", true},
		{"trusted, says nothing", "10.0.0.1", "", "invalid IP", true},
		{"what the client made up", "10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7", true},
		{"two proxies", "10.0.0.1", "127.0.0.1, 198.51.100.7,10.0.0.2", "198.51.100.7", true},
		{"proxies only", "10.0.0.1", "10.0.0.3,10.0.0.2", "invalid IP", true},
		{"with a port", "10.0.0.1", "198.51.100.7:1234", "198.51.100.7", true},
		{"IPv6", "fd00::1", "2001:db8::1", "2001:db8::1", true},
		{"IPv6 with a port", "fd00::1", "[2001:db8::1]:1234", "2001:db8::1", true},
		{"IPv6 in brackets", "fd00::1", "[2001:db8::1]", "2001:db8::1", true},
		{"IPv6 with a zone", "fd00::1", "fe80::1%eth0", "fe80::1", true},
		{"IPv6 with a zone and a port", "fd00::1", "[fe80::1%eth0]:80", "fe80::1", true},
		{"IPv6 with a zone in brackets", "fd00::1", "[fe80::1%eth0]", "fe80::1", true},
		{"a zone that is no name", "fd00::1", "[fe80::1%\u2028x]:80", "fe80::1", true},
		{"a zone of 3 kB", "fd00::1", "[fe80::1%" + strings.Repeat("z", 3000) + "]:80", "invalid IP", true},
		{"a zone of 3 kB without a port", "fd00::1", "fe80::1%" + strings.Repeat("z", 3000), "invalid IP", true},
		{"half a bracket", "fd00::1", "[2001:db8::1", "invalid IP", true},
		{"IPv4 in brackets", "10.0.0.1", "[198.51.100.7]", "invalid IP", true},
		{"rubbish", "10.0.0.1", "unknown", "invalid IP", true},
		{"rubbish before", "10.0.0.1", "x, 198.51.100.7", "198.51.100.7", true},
		{"rubbish behind", "10.0.0.1", "198.51.100.7, x", "invalid IP", true},
		{"rubbish between", "10.0.0.1", "198.51.100.7, x, 10.0.0.2", "invalid IP", true},
		{"endless", "10.0.0.1", strings.Repeat("127.0.0.1,", 1000) + "198.51.100.7", "198.51.100.7", true},
		{"a loop", "10.0.0.1", strings.Repeat("10.0.0.2,", 1000) + "10.0.0.2", "invalid IP", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var lines []string
			if tt.forwarded != "" {
				lines = strings.SplitAfterN(tt.forwarded, ",", 2) // as two headers
				lines[0] = strings.TrimSuffix(lines[0], ",")
			}
			got, trusted := Client(netip.MustParseAddr(tt.peer), lines, proxies)
			if got.String() != tt.want || trusted != tt.trusted {
				t.Errorf("got %v, %v, want %v, %v", got, trusted, tt.want, tt.trusted)
			}
		})
	}
}
