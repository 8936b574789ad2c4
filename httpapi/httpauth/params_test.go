package httpauth

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision/device"
)

func TestParseParams(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       map[string]string // nil: not taken
	}{
		{"none", "", map[string]string{}},
		{"tokens", "a=b,c=d", map[string]string{"a": "b", "c": "d"}},
		{"quoted commas and equals", `a="b, c=d", e="f"`, map[string]string{"a": "b, c=d", "e": "f"}},
		{"escapes", `a="\"\\\x"`, map[string]string{"a": `"\x`}},
		{"empty quoted", `a=""`, map[string]string{"a": ""}},
		{"empty elements", `,, a=b , ,c=d,`, map[string]string{"a": "b", "c": "d"}},
		{"blanks around the equals sign", "a =\tb", map[string]string{"a": "b"}},
		{"case of names", "A=B", map[string]string{"a": "B"}},
		{"bytes over 127", "a=\"\xc3\xa9\xff\"", map[string]string{"a": "\xc3\xa9\xff"}},
		{"twice", "a=b, A=b", nil},
		{"no value", "a=", nil},
		{"no value, more", "a=,b=c", nil},
		{"no equals sign", "a", nil},
		{"no name", "=b", nil},
		{"unclosed", `a="b`, nil},
		{"escape at the end", `a="b\`, nil},
		{"no comma", `a="b" c="d"`, nil},
		{"text after a value", `a="b"c`, nil},
		{"two values", "a=b c", nil},
		{"single quotes", "a='b c'", nil},
		{"unquoted path", "uri=/a", nil},
		{"line break", "a=\"b\nc\"", nil},
		{"NUL", "a=\"b\x00\"", nil},
		{"escaped line break", "a=\"b\\\nc\"", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := parseParams(tt.text)
			if ok != (tt.want != nil) {
				t.Fatalf("got %v, %v", got, ok)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What is read can be written and is read again as the same; names are lower-case tokens, values have no control characters.
func FuzzParseParams(f *testing.F) {
	f.Add(strings.TrimPrefix(client{nonce: "n"}.header(), "Digest "))
	for _, s := range []string{`a="b\"c", d=e`, ",,", `a="`, "a==", `a="b"c`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		params, ok := parseParams(s)
		if !ok {
			return
		}
		var list []string
		for _, name := range slices.Sorted(maps.Keys(params)) {
			if token, rest := cutToken(name); token == "" || rest != "" || name != strings.ToLower(name) {
				t.Errorf("%q: name %q", s, name)
			}
			if strings.ContainsAny(params[name], "\x00\r\n\x7f") {
				t.Errorf("%q: value %q", s, params[name])
			}
			list = append(list, name+`="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(params[name])+`"`)
		}
		again, ok := parseParams(strings.Join(list, ", "))
		if !ok || !maps.Equal(params, again) {
			t.Errorf("%q: got %q, which reads back as %q (%v)", s, params, again, ok)
		}
	})
}

// For any Authorization header, a client without a password gets nothing, and the reason is one of the fixed texts.
func FuzzCheck(f *testing.F) {
	a := authenticator(f, credentials(f))
	f.Add(client{password: "guess", nonce: nonceOf(f, a)}.header(), testURI)
	f.Add(client{password: "guess", nonce: "x", without: "qop"}.header(), testURI)
	f.Add(basicHeader("alice", "guess"), testURI)
	f.Add(basicHeader("nobody", ""), testURI)
	f.Add("Basic !", testURI)
	f.Add(`Digest username="alice`, "*")
	f.Add("Bearer x", "http://pbx.test/")
	fixed := []string{reasonLong, reasonScheme, reasonMalformed, reasonUnknown, reasonOther, reasonSeveral, reasonNoHash, reasonWrong,
		reasonRealm, reasonQOP, reasonNoQOP, reasonNC, reasonAlgorithm, reasonUserHash, reasonURI}
	f.Fuzz(func(t *testing.T, header, target string) {
		r := request("GET", "/", header)
		r.RequestURI = target
		for _, mac := range []device.MAC{alice, noMAC} {
			got := a.Check(r, mac, Client{})
			if got.State != Bad || !slices.Contains(fixed, got.Reason) || got.User != "" {
				t.Errorf("%q: got %+v", header, got)
			}
		}
	})
}
