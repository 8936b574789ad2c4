package access

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParseForwarded(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers []string
		want    string // for|proto|host of each hop; "malformed"
	}{
		{"RFC 7239, an IPv4 address", []string{"for=192.0.2.43"}, "192.0.2.43||"},
		{"RFC 7239, IPv6 in quotes with a port", []string{`For="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17||"},
		{"RFC 7239, all parameters", []string{"for=192.0.2.60;proto=http;by=203.0.113.43"}, "192.0.2.60|http|"},
		{"RFC 7239, two", []string{"for=192.0.2.43, for=198.51.100.17"}, "192.0.2.43|| 198.51.100.17||"},
		{"RFC 7239, hidden", []string{"for=_hidden, for=_SEVKISEK;proto=https"}, "invalid IP|| invalid IP|https|"},
		{"RFC 7239, unknown", []string{"for=unknown"}, "invalid IP||"},
		{"two headers", []string{"for=192.0.2.43", "for=198.51.100.17"}, "192.0.2.43|| 198.51.100.17||"},
		{"a host in quotes", []string{`for=192.0.2.43;host="prov.example:8443";proto=HTTPS`}, "192.0.2.43|https|prov.example:8443"},
		{"escaped in quotes", []string{`for="192\.0.2.43";host="a\"b"`}, `192.0.2.43||a"b`},
		{"comma and semicolon in quotes", []string{`for=192.0.2.43;x="a,for=10.0.0.1;b"`}, "192.0.2.43||"},
		{"a port", []string{`for="192.0.2.43:4711"`}, "192.0.2.43||"},
		{"a hidden port", []string{`for="192.0.2.43:_gazonk"`}, "192.0.2.43||"},
		{"a port of IPv6 that is hidden", []string{`for="[2001:db8::1]:_x"`}, "2001:db8::1||"},
		{"no port", []string{`for="192.0.2.43:"`}, "invalid IP||"},
		{"not a port", []string{`for="192.0.2.43:http"`}, "invalid IP||"},
		{"a bare IPv6 address", []string{`for="2001:db8::1"`}, "2001:db8::1||"},
		{"IPv6 without quotes", []string{`for=[2001:db8::1]:80`}, "2001:db8::1||"},
		{"IPv4 in IPv6", []string{`for="[::ffff:192.0.2.43]"`}, "192.0.2.43||"},
		{"a zone", []string{`for="[fe80::1%eth0]:80"`}, "fe80::1||"},
		{"a long zone", []string{`for="[fe80::1%` + strings.Repeat("x", 3000) + `]:80"`}, "invalid IP||"},
		{"blanks", []string{" for=192.0.2.43 ; proto=http\t, for=198.51.100.17 "}, "192.0.2.43|http| 198.51.100.17||"},
		{"empty parameters", []string{";;for=192.0.2.43;;"}, "192.0.2.43||"},
		{"an empty element", []string{"for=192.0.2.43,,"}, "192.0.2.43|| invalid IP|| invalid IP||"},
		{"upper case", []string{"FOR=192.0.2.43;HOST=x"}, "192.0.2.43||x"},
		{"for twice", []string{"for=192.0.2.43;for=10.0.0.1"}, "malformed"},
		{"an open quote", []string{`for="192.0.2.43`}, "malformed"},
		{"an open quote that the next would close", []string{`for=10.0.0.1;x=", for="[2001:db8::1]"`}, "malformed"},
		{"an open quote in a header of its own", []string{`for=10.0.0.1;x="`, `for="[2001:db8::1]"`}, "malformed"},
		{"a backslash at the end", []string{`for="\`}, "malformed"},
		{"no value", []string{"for="}, "malformed"},
		{"no equals sign", []string{"for"}, "malformed"},
		{"a blank before it", []string{"for =192.0.2.43"}, "malformed"},
		{"rubbish behind a quote", []string{`for="192.0.2.43"x`}, "malformed"},
		{"a slash", []string{"for=192.0.2.43/24"}, "malformed"},
	} {
		hops, ok := ParseForwarded(tt.headers)
		var got []string
		for _, h := range hops {
			got = append(got, h.For.String()+"|"+h.Proto+"|"+h.Host)
		}
		text := strings.Join(got, " ")
		if !ok {
			text = "malformed"
		}
		if text != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, text, tt.want)
		}
	}
}

func TestClientForwarded(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}
	for _, tt := range []struct{ name, peer, forwarded, want, host string }{
		{"no proxy", "198.51.100.7", "for=192.168.1.1;host=x", "198.51.100.7", ""},
		{"trusted", "10.0.0.1", "for=198.51.100.7;host=a", "198.51.100.7", "a"},
		{"made up by the client", "10.0.0.1", "for=192.168.1.1;host=evil, for=198.51.100.7;host=a", "198.51.100.7", "a"},
		{"two proxies", "10.0.0.1", "for=192.168.1.1;host=evil, for=198.51.100.7;host=a, for=10.0.0.2;host=b", "198.51.100.7", "a"},
		{"hidden", "10.0.0.1", "for=192.168.1.1, for=_x;host=a", "invalid IP", "a"},
		{"does not say", "10.0.0.1", "for=192.168.1.1, proto=https", "invalid IP", ""},
		{"proxies only", "10.0.0.1", "for=10.0.0.2", "invalid IP", ""},
		{"a loop", "10.0.0.1", "for=192.168.1.1" + strings.Repeat(", for=10.0.0.2", 100), "invalid IP", ""},
	} {
		hops, ok := ParseForwarded([]string{tt.forwarded})
		if !ok {
			t.Errorf("%s: malformed", tt.name)
		}
		client, hop := ClientForwarded(netip.MustParseAddr(tt.peer), hops, proxies)
		if client.String() != tt.want || hop.Host != tt.host {
			t.Errorf("%s: got %v, host %q, want %v, %q", tt.name, client, hop.Host, tt.want, tt.host)
		}
	}
}

// ParseForwarded returns an address without a zone, a scheme and a host, and no other text of a header.
func FuzzParseForwarded(f *testing.F) {
	f.Add(`for="[fe80::1%eth0]:80";host="a\"b", proto=http;;`)
	f.Fuzz(func(t *testing.T, text string) {
		hops, ok := ParseForwarded([]string{text})
		if !ok && hops != nil || len(hops) > 1+strings.Count(text, ",") {
			t.Errorf("%q: got %v, %v", text, hops, ok)
		}
		for _, h := range hops {
			if h.For.Zone() != "" || len(h.Host) > len(text) {
				t.Errorf("%q: got %+v", text, h)
			}
		}
	})
}
