package httpapi

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever a Host header says, what goes into a phone's file is a name or an address.
func FuzzServerAddress(f *testing.F) {
	for _, host := range []string{"pbx.test:80", "[::1]:80", "10.0.0.1", "a<b", "[fe80::1%25eth0]", "${X}"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		got := serverAddress(r, r.Host)
		if strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") != "" || len(got) > maxHostName+1 {
			t.Errorf("%q: got %q", host, got)
		}
	})
}

// Every name that can be encoded is decoded to itself.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{"a.cfg", "a b", "a+b", "a%20b", "é", "a//b/", "\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, ok := fileName(strings.ReplaceAll(url.PathEscape(name), "+", "%2B"))
		if want := name != "" && !strings.Contains(name, "\x00"); ok != want || ok && got != name {
			t.Errorf("%q: got %q, %v", name, got, ok)
		}
	})
}
