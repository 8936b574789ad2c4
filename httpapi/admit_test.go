package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	lan      = "192.168.1.5:1234"
	internet = "198.51.100.7:1234"
)

// guard is a bench with the default policy, budgets, and a clock that stands still.
func guard(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.Access = Access{
		Rules:   access.Rules{Allow: access.DefaultAllow()},
		Unknown: &Budget{access.NewBudget(20, 10*time.Minute), 10 * time.Minute},
		Failed:  &Budget{access.NewBudget(3, 10*time.Minute), 10 * time.Minute},
	}
	now := time.Unix(1_800_000_000, 0)
	b.Now = func() time.Time { return now }
	return b
}

// withLogin gives the bench credentials: of the phone and shared.
func withLogin(t *testing.T, b *bench) {
	t.Helper()
	var text string
	for user, mac := range map[string]string{"phone": "0011223344aa", "all": "*"} {
		hash, err := bcrypt.GenerateFromPassword([]byte("right-"+user), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		secrets.Add("right-"+user, string(hash))
		text += mac + ":" + user + ":" + string(hash) + "\n"
	}
	path := filepath.Join(t.TempDir(), "credentials")
	testkit.Write(t, path, text)
	file, err := httpauth.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.Access.Login, err = httpauth.New(file, "phoneprov"); err != nil {
		t.Fatal(err)
	}
}

// from makes a request of an address. edit changes it; nil: nothing.
func from(h http.Handler, remote, name string, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://pbx.test/phoneprov/"+name, nil)
	r.RemoteAddr = remote
	if edit != nil {
		edit(r)
	}
	return serveTest(h, r)
}

func agent(text string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("User-Agent", text) }
}

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

// answer is all that a client sees.
func answer(w *httptest.ResponseRecorder) string {
	return fmt.Sprint(w.Code, w.Header(), w.Body)
}

// A refused request looks like one for a name that is not there.
func TestRefusalsLookAlike(t *testing.T) {
	b := guard(t)
	unknown := answer(from(Phones(b.Options), lan, "0011223344bb.cfg", nil))
	if !strings.HasPrefix(unknown, "404 ") {
		t.Fatalf("unknown: %s", unknown)
	}
	denied := guard(t)
	denied.Access.Rules.Deny = []device.MAC{{0x00, 0x11, 0x22, 0x33, 0x44, 0xaa}}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"refused source":             from(Phones(b.Options), internet, "0011223344aa.cfg", nil),
		"refused source, unknown":    from(Phones(b.Options), internet, "0011223344bb.cfg", nil),
		"refused source, static":     from(Phones(b.Options), internet, "fw.bin", nil),
		"refused source, no MAC":     from(Phones(b.Options), internet, "000000000000.cfg", nil),
		"User-Agent of another":      from(Phones(b.Options), lan, "0011223344aa.cfg", agent("Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37")),
		"denied":                     from(Phones(denied.Options), lan, "0011223344aa.cfg", nil),
		"a static file that is gone": from(Phones(b.Options), lan, "missing.bin", nil),
	} {
		if got := answer(w); got != unknown {
			t.Errorf("%s:\n got %s\nwant %s", name, got, unknown)
		}
	}
	if w := from(Phones(b.Options), lan, "0011223344aa.cfg", agent("Yealink SIP-T46G 28.72.0.1 00:11:22:33:44:aa")); w.Code != 200 {
		t.Errorf("own User-Agent: %d", w.Code)
	}
}

// Where there are credentials, whoever is not allowed by address is asked before anything is said.
func TestEverybodyIsAsked(t *testing.T) {
	b := guard(t)
	withLogin(t, b)
	h := Phones(b.Options)
	for _, name := range []string{"0011223344aa.cfg", "0011223344bb.cfg", "fw.bin", "missing.bin", "000000000000.cfg", "x"} {
		w := from(h, internet, name, nil)
		if w.Code != 401 || w.Body.String() != "Unauthorized\n" || len(w.Header().Values("WWW-Authenticate")) == 0 {
			t.Errorf("%s: got %d %q %v", name, w.Code, w.Body, w.Header())
		}
	}
	for name, tt := range map[string]struct {
		file   string
		edit   func(*http.Request)
		status int
	}{
		"own":             {"0011223344aa.cfg", basic("phone", "right-phone"), 200},
		"shared":          {"0011223344aa.cfg", basic("all", "right-all"), 200},
		"static":          {"fw.bin", basic("phone", "right-phone"), 200},
		"own, missing":    {"0011223344aa-web.cfg", basic("phone", "right-phone"), 404},
		"shared, unknown": {"0011223344bb.cfg", basic("all", "right-all"), 404},
		"another's":       {"0011223344bb.cfg", basic("phone", "right-phone"), 401},
		"wrong":           {"0011223344aa.cfg", basic("phone", "wrong"), 401},
		"unknown user":    {"0011223344aa.cfg", basic("nobody", "wrong"), 401},
	} {
		if w := from(h, internet, tt.file, tt.edit); w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", name, w.Code, tt.status)
		}
	}
	if w := from(h, lan, "0011223344aa.cfg", nil); w.Code != 200 {
		t.Errorf("LAN: got %d", w.Code)
	}
}

// A scanner is known by the MACs that are not there.
func TestScanner(t *testing.T) {
	for _, remote := range []string{lan, internet} {
		t.Run(remote, func(t *testing.T) {
			b := guard(t)
			h := Phones(b.Options)
			for range 50 { // what every phone asks for at boot
				for _, name := range []string{"000000000000.cfg", "y000000000028.cfg", "cfg.xml", "3111-48822-001.sip.ld"} {
					if w := from(h, remote, name, nil); w.Code != 404 {
						t.Fatalf("%s: got %d", name, w.Code)
					}
				}
			}
			for i := range 30 {
				want := 404
				if i >= 20 {
					want = 429
				}
				w := from(h, remote, fmt.Sprintf("0004f20000%02x.cfg", i), nil)
				if w.Code != want {
					t.Fatalf("MAC %d: got %d, want %d", i, w.Code, want)
				}
				if want == 429 && w.Header().Get("Retry-After") != "600" {
					t.Errorf("Retry-After: got %q", w.Header().Get("Retry-After"))
				}
			}
			for name, want := range map[string]int{"000000000000.cfg": 404, "0011223344aa.cfg": 200, "0011223344aa-web.cfg": 404, "fw.bin": 200} {
				if remote == internet { // where everything is refused, and all that is refused looks alike
					want = 429
				}
				if w := from(h, remote, name, nil); w.Code != want {
					t.Errorf("%s: got %d, want %d", name, w.Code, want)
				}
			}
			if w := from(h, "192.168.1.6:1", "0004f2000001.cfg", nil); w.Code != 404 {
				t.Errorf("another source: got %d", w.Code)
			}
		})
	}
}

func TestTrustedProxy(t *testing.T) {
	b := guard(t)
	b.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	h := Phones(b.Options)
	forwarded := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				r.Header.Add(pairs[i], pairs[i+1])
			}
		}
	}
	const proxy = "10.9.0.1:443"
	for name, tt := range map[string]struct {
		remote string
		edit   func(*http.Request)
		status int
		body   string
	}{
		"LAN behind it":         {proxy, forwarded("X-Forwarded-For", "192.168.1.5"), 200, "user 6001 of pbx.test\n"},
		"Internet behind it":    {proxy, forwarded("X-Forwarded-For", "198.51.100.7"), 404, "Not Found\n"},
		"made up":               {proxy, forwarded("X-Forwarded-For", "192.168.1.5, 198.51.100.7"), 404, "Not Found\n"},
		"not a proxy":           {internet, forwarded("X-Forwarded-For", "192.168.1.5"), 404, "Not Found\n"},
		"its host":              {proxy, forwarded("X-Forwarded-For", "192.168.1.5", "X-Forwarded-Host", "prov.example:443"), 200, "user 6001 of prov.example\n"},
		"forgotten proxy":       {lan, forwarded("X-Forwarded-For", "198.51.100.7"), 404, "Not Found\n"},
		"forgotten proxy, LAN":  {lan, forwarded("X-Forwarded-For", "192.168.1.6"), 404, "Not Found\n"},
		"not a proxy's host":    {lan, forwarded("X-Forwarded-Host", "evil.example"), 404, "Not Found\n"},
		"says nothing":          {proxy, nil, 404, "Not Found\n"},
		"its host is no host":   {proxy, forwarded("X-Forwarded-For", "192.168.1.5", "X-Forwarded-Host", "<x>"), 200, "user 6001 of \n"},
		"its scheme is no such": {proxy, forwarded("X-Forwarded-For", "192.168.1.5", "X-Forwarded-Proto", "javascript"), 200, "user 6001 of pbx.test\n"},
	} {
		if w := from(h, tt.remote, "0011223344aa.cfg", tt.edit); w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: got %d %q, want %d %q", name, w.Code, w.Body, tt.status, tt.body)
		}
	}
	if !strings.Contains(b.log.String(), `"remote":"198.51.100.7"`) || strings.Contains(b.log.String(), `"remote":"10.9.0.1","user_agent":"","reason":"address not allowed"`) {
		t.Errorf("the log has not the phone's address:\n%s", &b.log)
	}
}

// The line of a refusal is a promise to whoever reads logs.
func TestRefusalLine(t *testing.T) {
	for name, tt := range map[string]struct {
		login        bool
		remote, file string
		edit         func(*http.Request)
		want         string // empty: there is none
	}{
		"given":           {false, lan, "0011223344aa.cfg", nil, ""},
		"no MAC":          {false, lan, "000000000000.cfg", nil, ""},
		"own, missing":    {false, lan, "0011223344aa-web.cfg", nil, ""},
		"asked":           {true, internet, "0011223344aa.cfg", nil, ""},
		"no such phone":   {false, lan, "0011223344BB.cfg", nil, `{"level":"warn","remote":"192.168.1.5","reason":"no such phone","mac":"0011223344bb","message":"refused"}`},
		"address":         {false, internet, "0011223344aa.cfg", nil, `{"level":"warn","remote":"198.51.100.7","reason":"address not allowed","mac":"0011223344aa","message":"refused"}`},
		"address, no MAC": {false, internet, "fw.bin", nil, `{"level":"warn","remote":"198.51.100.7","reason":"address not allowed","message":"refused"}`},
		"address, IPv6":   {false, "[2001:db8::1]:80", "fw.bin", nil, `{"level":"warn","remote":"2001:db8::1","reason":"address not allowed","message":"refused"}`},
		"password":        {true, internet, "0011223344aa.cfg", basic("all", "x"), `{"level":"warn","remote":"198.51.100.7","reason":"wrong credentials","mac":"0011223344aa","message":"refused"}`},
		"User-Agent": {false, lan, "0011223344aa.cfg", agent("Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37"),
			`{"level":"warn","remote":"192.168.1.5","reason":"user agent of another phone","mac":"0011223344aa","message":"refused"}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := guard(t)
			if tt.login {
				withLogin(t, b)
			}
			from(Phones(b.Options), tt.remote, tt.file, tt.edit)
			got := ""
			for line := range strings.Lines(b.log.String()) {
				if strings.Contains(line, `"message":"refused"`) {
					got += strings.TrimSpace(line)
				}
			}
			if got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Passwords in the clear from the Internet are said so, once.
func TestPlainPasswordWarning(t *testing.T) {
	b := guard(t)
	withLogin(t, b)
	b.Access.Rules.Allow = nil
	b.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	h := Phones(b.Options)
	counts := map[string]int{}
	for _, step := range []struct {
		name, remote, proto string
	}{{"LAN", lan, ""}, {"https", "10.9.0.1:1", "https"}, {"plain", internet, ""}, {"plain again", "198.51.100.9:1", ""}} {
		b.log.Reset()
		w := from(h, step.remote, "0011223344aa.cfg", func(r *http.Request) {
			r.SetBasicAuth("phone", "right-phone")
			if step.proto != "" {
				r.Header.Set("X-Forwarded-For", "198.51.100.7")
				r.Header.Set("X-Forwarded-Proto", step.proto)
			}
		})
		if w.Code != 200 {
			t.Errorf("%s: got %d", step.name, w.Code)
		}
		counts[step.name] = strings.Count(b.log.String(), "plain HTTP")
	}
	if want := map[string]int{"LAN": 0, "https": 0, "plain": 1, "plain again": 0}; !maps.Equal(counts, want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}

// Nothing of the request is in what a stranger gets.
func TestNothingIsEchoed(t *testing.T) {
	b := guard(t)
	withLogin(t, b)
	const marker = "MARKER7531"
	for _, name := range []string{marker, "0011223344bb-" + marker, "0011223344aa.cfg?" + marker, marker + "%0d%0aX:%20" + marker} {
		for _, remote := range []string{lan, internet} {
			w := from(Phones(b.Options), remote, name, func(r *http.Request) {
				r.Host = marker + ".example"
				r.Header.Set("User-Agent", marker)
				r.Header.Set("X-Forwarded-For", marker)
				r.Header.Set("Authorization", "Digest username="+marker)
			})
			if got := answer(w); w.Code != 200 && strings.Contains(got, marker) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}
