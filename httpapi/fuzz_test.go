package httpapi

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever a Host header says, what goes into a phone's file is a name or an address.
func FuzzOrigin(f *testing.F) {
	for _, host := range []string{"pbx.test:80", "[::1]:80", "10.0.0.1", "a<b", "[fe80::1%25eth0]", "${X}"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		o := originOf(r, new(api).client(r))
		const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:"
		if strings.Trim(o.host, letters) != "" || len(o.host) > maxHostName+1 || strings.Trim(o.port, "0123456789") != "" || len(o.port) > 5 {
			t.Errorf("%q: got %+v", host, o)
		}
		if u, err := url.Parse("http://" + o.urlHost() + "/x"); err != nil || u.Hostname() != o.host || u.Port() != o.port {
			t.Errorf("%q: %q is no host of a URL: %v", host, o.urlHost(), err)
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
