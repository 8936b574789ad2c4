package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// setHeaders gives a request headers as name, value; one of a name again is a second line.
func setHeaders(pairs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Add(pairs[i], pairs[i+1])
		}
	}
}

// A proxy that was forgotten in the settings shows by any of the headers that proxies write: who comes through it has no address
// that counts, though the proxy stands on the LAN. The log says so once.
func TestForgottenProxyShows(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "CF-Connecting-IP", "True-Client-IP", "X-Forwarded-Host", "X-Forwarded-Proto",
		"X-Forwarded-Port", "X-Forwarded-Server", "X-Client-IP", "X-Cluster-Client-IP", "Fastly-Client-IP", "CDN-Loop", "X-Original-Forwarded-For",
		"x-real-ip", "VIA",
	} {
		for _, value := range []string{"192.168.1.6", "", "for=192.168.1.6"} {
			b := guard(t)
			h := Phones(b.Options)
			for range 2 {
				if w := from(h, lan, "0011223344aa.cfg", setHeaders(header, value)); w.Code != 404 {
					t.Errorf("%s: %q: got %d, want 404", header, value, w.Code)
				}
				if w := sendBody(h, "GET", lan, "0011223344aa.cfg", nil); w.Code != 200 {
					t.Errorf("without %s: got %d", header, w.Code)
				}
			}
			if got := strings.Count(b.log.String(), "is not in access.trusted_proxies"); got != 1 {
				t.Errorf("%s: said %d times", header, got)
			}
		}
	}
	b := guard(t)
	if w := from(Phones(b.Options), lan, "0011223344aa.cfg", setHeaders("X-Wap-Profile", "x", "Accept", "*/*")); w.Code != 200 {
		t.Errorf("a phone's own headers: got %d", w.Code)
	}
}

// Of trusted proxies Forwarded counts as the X-Forwarded headers do. Where both are there and differ, the one that the client
// sent through could be either: the address is not known, and nothing else of them counts.
func TestForwardedOfATrustedProxy(t *testing.T) {
	b := guard(t)
	b.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16"), netip.MustParsePrefix("fd00::/64")}
	const proxy, here = "10.9.0.1:443", "user 6001 of pbx.test\n"
	for name, tt := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"LAN behind it":               {[]string{"Forwarded", "for=192.168.1.5"}, 200, here},
		"Internet behind it":          {[]string{"Forwarded", "for=198.51.100.7"}, 404, ""},
		"made up":                     {[]string{"Forwarded", "for=192.168.1.5, for=198.51.100.7"}, 404, ""},
		"made up, two headers":        {[]string{"Forwarded", "for=192.168.1.5", "Forwarded", "for=198.51.100.7"}, 404, ""},
		"two proxies":                 {[]string{"Forwarded", `for=198.51.100.7, for="192.168.1.5:4711";host=prov.example, for="[fd00::2]:80"`}, 200, "user 6001 of prov.example\n"},
		"IPv6":                        {[]string{"Forwarded", `for="[fd12::5]"`}, 200, here},
		"hidden":                      {[]string{"Forwarded", "for=192.168.1.5, for=_hidden"}, 404, ""},
		"unknown":                     {[]string{"Forwarded", "for=unknown"}, 404, ""},
		"malformed":                   {[]string{"Forwarded", `for="192.168.1.5`}, 404, ""},
		"its host":                    {[]string{"Forwarded", "for=192.168.1.5;host=prov.example;proto=https"}, 200, "user 6001 of prov.example\n"},
		"a client's host":             {[]string{"Forwarded", "for=198.51.100.7;host=evil.example, for=192.168.1.5"}, 200, here},
		"both, the same":              {[]string{"Forwarded", "for=192.168.1.5", "X-Forwarded-For", "192.168.1.5"}, 200, here},
		"both, Forwarded of a client": {[]string{"Forwarded", "for=192.168.1.5", "X-Forwarded-For", "198.51.100.7"}, 404, ""},
		"both, the other of a client": {[]string{"Forwarded", "for=198.51.100.7", "X-Forwarded-For", "192.168.1.5"}, 404, ""},
		"both on the LAN, and differ": {[]string{"Forwarded", "for=192.168.1.5", "X-Forwarded-For", "192.168.1.6"}, 404, ""},
		"both, one malformed":         {[]string{"Forwarded", "for", "X-Forwarded-For", "192.168.1.5"}, 404, ""},
		"hosts differ": {[]string{"Forwarded", "for=192.168.1.5;host=evil.example", "X-Forwarded-For", "192.168.1.5", "X-Forwarded-Host", "prov.example"},
			200, here},
		"hosts agree": {[]string{"Forwarded", "for=192.168.1.5;host=prov.example", "X-Forwarded-For", "192.168.1.5", "X-Forwarded-Host", "prov.example"},
			200, "user 6001 of prov.example\n"},
		"a host twice":    {[]string{"X-Forwarded-For", "192.168.1.5", "X-Forwarded-Host", "evil.example", "X-Forwarded-Host", "prov.example"}, 200, here},
		"Via and its own": {[]string{"Via", "1.1 x", "X-Real-IP", "192.168.1.5", "X-Forwarded-For", "192.168.1.5"}, 200, here},
		"Via only":        {[]string{"Via", "1.1 x", "X-Real-IP", "192.168.1.5"}, 404, ""},
	} {
		w := from(Phones(b.Options), proxy, "0011223344aa.cfg", setHeaders(tt.headers...))
		if w.Code != tt.status || tt.status == 200 && w.Body.String() != tt.body {
			t.Errorf("%s: got %d %q, want %d %q", name, w.Code, w.Body, tt.status, tt.body)
		}
	}
	if w := from(Phones(b.Options), lan, "0011223344aa.cfg", setHeaders("Forwarded", "for=192.168.1.5")); w.Code != 404 {
		t.Errorf("not a proxy: got %d", w.Code)
	}
}

// Nothing but an address gets into the log as one.
func TestZoneIsNotLogged(t *testing.T) {
	b := guard(t)
	b.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	for _, value := range []string{"[fe80::1%\u2028MARK]:80", "[fe80::1%" + strings.Repeat("MARK", 800) + "]:80", "fe80::1%MARK"} {
		for _, header := range [][]string{{"X-Forwarded-For", value}, {"Forwarded", `for="` + value + `"`}} {
			b.log.Reset()
			from(Phones(b.Options), "10.9.0.1:443", "0011223344aa.cfg", setHeaders(header...))
			if log := b.log.String(); strings.Contains(log, "MARK") || strings.Contains(log, "\u2028") {
				t.Errorf("%s: %.20q: the log has it", header[0], value)
			}
		}
	}
	b.log.Reset()
	from(Phones(b.Options), "[fe80::1%eth0]:1234", "fw.bin", nil)
	if log := b.log.String(); !strings.Contains(log, `"remote":"fe80::1"`) || !strings.Contains(log, `"status":200`) {
		t.Errorf("a link-local phone: %s", log)
	}
}
