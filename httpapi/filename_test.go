package httpapi

import (
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// pathTests are requests as they go over the wire, to us and to the real Asterisk.
var pathTests = []struct {
	name, path string
	want       int
	asterisk   int    // where it differs
	why        string // it differs
}{
	{name: "plain", path: "/phoneprov/0011223344AA.cfg", want: 200},
	{name: "encoded dot", path: "/phoneprov/0011223344AA%2ecfg", want: 200},
	{name: "encoded digits", path: "/phoneprov/%30%3011223344AA.cfg", want: 200},
	{name: "encoded upper case", path: "/phoneprov/0011223344AA%2Ecfg", want: 200},
	{name: "encoded slash", path: "/phoneprov/sub%2F0011223344AA.cfg", want: 200},
	{name: "encoded twice", path: "/phoneprov/0011223344AA%252ecfg", want: 404},
	{name: "percent in the name", path: "/phoneprov/0011223344AA%2520x.cfg", want: 200},
	{name: "blank encoded", path: "/phoneprov/0011223344AA%20name.cfg", want: 200},
	{name: "blank as plus", path: "/phoneprov/0011223344AA+name.cfg", want: 200},
	{name: "plus is not a plus", path: "/phoneprov/0011223344AA+plus.cfg", want: 404},
	{name: "plus encoded", path: "/phoneprov/0011223344AA%2Bplus.cfg", want: 200},
	{name: "UTF-8 encoded", path: "/phoneprov/0011223344AA%C3%A9.cfg", want: 200},
	{name: "UTF-8 bare", path: "/phoneprov/0011223344AAé.cfg", want: 200},
	{name: "query", path: "/phoneprov/0011223344AA.cfg?x=y", want: 200},
	{name: "empty query", path: "/phoneprov/0011223344AA.cfg?", want: 200},
	{name: "encoded question mark", path: "/phoneprov/0011223344AA.cfg%3fx", want: 404},
	{name: "semicolon", path: "/phoneprov/0011223344AA.cfg;x", want: 404},
	{name: "fragment", path: "/phoneprov/0011223344AA.cfg#x", want: 404},
	{name: "two slashes after the prefix", path: "/phoneprov//0011223344AA.cfg", want: 404},
	{name: "name that begins with a slash", path: "/phoneprov//lead0011223344AA.cfg", want: 200},
	{name: "the same, encoded", path: "/phoneprov/%2flead0011223344AA.cfg", want: 200},
	{name: "two slashes in the name", path: "/phoneprov/sub//0011223344AA.cfg", want: 200},
	{name: "three slashes", path: "/phoneprov/sub///0011223344AA.cfg", want: 404},
	{name: "two slashes before the prefix", path: "//phoneprov/0011223344AA.cfg", want: 404},
	{name: "slash at the end", path: "/phoneprov/0011223344AA.cfg/", want: 404},
	{name: "name that ends with a slash", path: "/phoneprov/dir/", want: 200},
	{name: "the same without", path: "/phoneprov/dir", want: 404},
	{name: "dot", path: "/phoneprov/./0011223344AA.cfg", want: 404},
	{name: "dot dot", path: "/phoneprov/sub/../0011223344AA.cfg", want: 404},
	{name: "dot dot to another prefix", path: "/x/../phoneprov/0011223344AA.cfg", want: 404},
	{name: "prefix in another case", path: "/PhoneProv/0011223344AA.cfg", want: 200},
	{name: "prefix encoded", path: "/%70honeprov/0011223344AA.cfg", want: 404},
	{name: "slash after the prefix encoded", path: "/phoneprov%2F0011223344AA.cfg", want: 404},
	{name: "prefix alone", path: "/phoneprov", want: 404},
	{name: "prefix and slash", path: "/phoneprov/", want: 404},
	{name: "prefix with a letter more", path: "/phoneprovx", want: 404},
	{name: "static", path: "/phoneprov/fw.bin", want: 200},
	{name: "line break encoded", path: "/phoneprov/0011223344AA.cfg%0a", want: 404},
	{name: "unknown", path: "/phoneprov/0011223344BB.cfg", want: 404},

	{name: "MAC in another case", path: "/phoneprov/0011223344aa.cfg", want: 200, asterisk: 404,
		why: "a MAC is found in any case"},
	{name: "static file is missing", path: "/phoneprov/missing.bin", want: 404, asterisk: 500,
		why: "a missing static file is 404"},
	{name: "NUL", path: "/phoneprov/0011223344AA.cfg%00x", want: 404, asterisk: 200,
		why: "a name is not cut off at a NUL"},
	{name: "absolute URI", path: "http://pbx.test/phoneprov/0011223344AA.cfg", want: 200, asterisk: 404,
		why: "RFC 9112, 3.2.2: a server must accept the absolute form"},
	{name: "no hexadecimal digits", path: "/phoneprov/%zz0011223344AA.cfg", want: 400, asterisk: 404,
		why: "net/http answers by itself"},
}

func TestPath(t *testing.T) {
	addr := listen(t, Phones(newBench(t).Options))
	for _, tt := range pathTests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := rawGet(t, addr, tt.path)
			if status != tt.want {
				t.Fatalf("GET %q: got %d, want %d", tt.path, status, tt.want)
			}
			if status == 404 && body != "Not Found\n" {
				t.Errorf("GET %q: got body %q", tt.path, body)
			}
		})
	}
}

func TestPathAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := oracle.Start(t, oracle.Options{Suite: suite,
				Files: map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": usersConf}})
			for name, text := range dataFiles {
				a.WriteData(t, name, text)
			}
			for _, tt := range pathTests {
				want := tt.want
				if tt.asterisk != 0 {
					want = tt.asterisk
				}
				if got, _ := rawGet(t, strings.TrimPrefix(a.HTTP, "http://"), tt.path); got != want {
					t.Errorf("%s: GET %q: asterisk answers %d, the table says %d", tt.name, tt.path, got, want)
				}
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct {
		name, prefix, path string
		want               int
	}{
		{"none", "", "/0011223344AA.cfg", 200},
		{"none, no file", "", "/", 404},
		{"two levels", "/a/b", "/A/B/0011223344AA.cfg", 200},
		{"two levels, one asked", "/a/b", "/a/0011223344AA.cfg", 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.Prefix = tt.prefix
			if got := b.get("GET", tt.path).Code; got != tt.want {
				t.Errorf("GET %q under %q: got %d, want %d", tt.path, tt.prefix, got, tt.want)
			}
		})
	}
}
