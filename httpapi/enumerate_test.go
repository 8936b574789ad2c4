package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Phones of the tests of enumeration: who asks, two others that are served, one of them with a MAC that is all decimal, and
// their neighbours that are not.
const (
	asking  = "0011223344aa"
	known   = "00112233bbcc"
	unknown = "00112233bbcd"

	knownDecimal   = "001122334455"
	unknownDecimal = "001122334456"
)

// spellingsOf are ways to write a MAC in a name: plain and in groups, each with every separator, in lower and upper case.
func spellingsOf(mac string) (all []string) {
	for _, size := range []int{1, 2, 3, 4, 6, 12} {
		for _, separator := range []string{":", "-", ".", "%20", "+"} {
			var groups []string
			for group := range slices.Chunk([]byte(mac), size) {
				groups = append(groups, string(group))
			}
			text := strings.Join(groups, separator)
			all = append(all, text, strings.ToUpper(text))
			if size == 12 {
				break
			}
		}
	}
	return append(all, mac[:5]+"-"+mac[5:], mac[:2]+":"+mac[2:8]+"."+mac[8:], "%"+fmt.Sprintf("%x", mac[0])+mac[1:])
}

// nameForms are names of files, with %s for the MAC: of routes, of uploads, of nothing; with letters at the MAC, the MAC
// many times, and as directories.
var nameForms = []string{
	"%s.cfg", "cfg%s.xml", "SEP%s.cnf.xml", "%s-boot.log", "%s.nosuch", "spa%s.cfg", "abc%s.x", "sub/%s.cfg", "%s/x", "%sdirectory.txt",
	strings.Repeat("%[1]s-", 6) + ".cfg", strings.Repeat("%[1]s", 3), "fw-%s-20210730173312.bin", "x2%s.cfg",
}

// enumerable has the phones, uploads that are kept, passwords and budgets.
func enumerable(t *testing.T, login bool) *bench {
	t.Helper()
	b := keeping(t)
	if login {
		withLogin(t, b)
	}
	users := ""
	for i, mac := range []string{asking, known, knownDecimal} {
		users += fmt.Sprintf("[%d]\nautoprov=yes\nprofile=p\nmacaddress=%s\n", 6000+i, mac)
	}
	b.Store.Swap(buildConfig(t, map[string]string{"users.conf": users, "phoneprov.conf": "[p]\nstaticdir = static/\nstatic_file => fw.bin\n" +
		"${MAC}.cfg => t.cfg\ncfg${MAC}.xml => t.cfg\nSEP${TOUPPER(${MAC})}.cnf.xml => t.cfg\nabc${MAC}.x => t.cfg\nbook.xml => t.cfg\n"}))
	renew(b)
	return b
}

// renew gives the bench budgets of which nothing is spent.
func renew(b *bench) {
	b.Access.Unknown = &Budget{access.NewBudget(20, 10*time.Minute), 10 * time.Minute}
	b.Access.Failed = &Budget{access.NewBudget(20, 10*time.Minute), 10 * time.Minute}
}

// spend counts so many MACs that are not there against a source.
func spend(b *bench, remote string, many int) {
	source := access.SourceOf(netip.MustParseAddrPort(remote).Addr())
	for i := range many {
		b.Access.Unknown.Spend(source, fmt.Sprintf("00deadbeef%02x", i), b.Now())
	}
}

// enumerate makes one request of each method and returns all that the client sees, less the nonces.
func enumerate(t *testing.T, b *bench, remote, name string, edit func(*http.Request)) (seen []string) {
	t.Helper()
	h := Phones(b.Options)
	for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE"} {
		r := httptest.NewRequest(method, "http://pbx.test/phoneprov/"+name, strings.NewReader(uploadBody))
		r.RemoteAddr = remote
		if edit != nil {
			edit(r)
		}
		w := serveTest(h, r)
		seen = append(seen, method+" "+nonceOf.ReplaceAllString(answer(w), "nonce"))
	}
	return seen
}

// Nobody who may not have a phone's files can tell from the answers whether there is such a phone, however its MAC is spelt:
// not before the budget is spent and not after.
func TestNobodyEnumerates(t *testing.T) {
	t.Parallel()
	usual := skips.Size(t, 14, 60) // with 14 forms, 14 gives each spelling once
	for _, who := range []struct {
		name   string
		login  bool
		remote string
		edit   func(*http.Request)
		deny   []string // MACs
	}{
		{"refused", false, internet, nil, nil},
		{"refused, with a User-Agent", false, internet, agent("Yealink SIP-T46G 28.72.0.1 00:11:22:33:44:aa"), nil},
		{"refused, behind a proxy", false, lan, func(r *http.Request) { r.Header.Set("Via", "1.1 x") }, nil},
		{"refused, not asked for a password it sends", false, internet, basic("phone", "right-phone"), nil},
		{"asked for a password", true, internet, nil, nil},
		{"with a phone's password", true, internet, basic("phone", "right-phone"), nil},
		{"with a wrong password", true, internet, basic("phone", "wrong"), nil},
		{"with an unknown user", true, internet, basic("nobody", "wrong"), nil},
		{"denied", false, lan, agent("Yealink SIP-T46G 28.72.0.1 00:11:22:33:44:aa"), []string{asking}},
	} {
		t.Run(who.name, func(t *testing.T) {
			b := enumerable(t, who.login)
			every := usual
			if who.login && who.edit != nil {
				every = 110
			}
			for _, mac := range who.deny {
				m, _ := device.ParseMAC(mac)
				b.Access.Rules.Deny = append(b.Access.Rules.Deny, m)
			}
			for _, pair := range [][2]string{{known, unknown}, {knownDecimal, unknownDecimal}} {
				names, others := spellingsOf(pair[0]), spellingsOf(pair[1])
				for i := range names {
					for n, form := range nameForms {
						if (i+n)%every != 0 { // each spelling and each form, in a part of their pairs: bcrypt is slow on purpose
							continue
						}
						a, z := fmt.Sprintf(form, names[i]), fmt.Sprintf(form, others[i])
						for _, spent := range []int{0, 25} {
							var seen [2][]string
							for j, name := range []string{a, z} {
								renew(b)
								spend(b, who.remote, spent)
								seen[j] = enumerate(t, b, who.remote, name, who.edit)
							}
							if !slices.Equal(seen[0], seen[1]) {
								t.Fatalf("%d spent:\n%s: %q\n%s: %q", spent, a, seen[0], z, seen[1])
							}
						}
					}
				}
			}
		})
		if t.Failed() {
			break
		}
	}
}

// From a network that is allowed every spelling of a MAC is the same phone, and who walks through MACs in any spelling is
// stopped as one who does in the usual one.
func TestEverySpellingCounts(t *testing.T) {
	t.Parallel()
	b := enumerable(t, false)
	forms := []struct {
		form string
		want int // for the phone that there is
	}{{"%s.cfg", 200}, {"cfg%s.xml", 200}, {"SEP%s.cnf.xml", 200}, {"abc%s.x", 200}, {"%s.nosuch", 404}, {"spa%s.cfg", 404}, {"sub/%s.cfg", 404}}
	for i, spelt := range spellingsOf(known) {
		for n, f := range forms {
			if (i+n)%3 != 0 {
				continue
			}
			renew(b)
			h := Phones(b.Options)
			for range 2 {
				if w := from(h, lan, fmt.Sprintf(f.form, spelt), nil); w.Code != f.want {
					t.Errorf(f.form+": got %d, want %d", spelt, w.Code, f.want)
					break
				}
			}
			last := 0
			spend(b, lan, 18)
			for n := range 3 {
				w := from(h, lan, fmt.Sprintf(f.form, spellingsOf(fmt.Sprintf("001122ffff%02x", n))[i]), nil)
				last = w.Code
			}
			if last != 429 {
				t.Errorf("21 MACs, the last as "+f.form+", end with %d, want 429", spelt, last)
			}
		}
	}
}

// Who has spent its budget gets 429 for all that is refused it; what an admitted phone may have it still gets.
func TestSpentBudget(t *testing.T) {
	t.Parallel()
	b := enumerable(t, false)
	h := Phones(b.Options)
	spend(b, internet, 25)
	spend(b, lan, 25)
	for _, name := range []string{known + ".cfg", unknown + ".cfg", "fw.bin", "book.xml", "nosuch.bin", "000000000000.cfg", "0011-2233-bbcc.cfg", "x42.14.0.7386T20210730173312.z"} {
		for _, method := range []string{"GET", "HEAD", "PUT", "POST"} {
			if w := sendBody(h, method, internet, name, strings.NewReader(uploadBody)); w.Code != 429 || w.Header().Get("Retry-After") != "600" {
				t.Errorf("%s %s: got %d", method, name, w.Code)
			}
		}
	}
	for name, want := range map[string]int{
		known + ".cfg": 200, known + ".nosuch": 404, "fw.bin": 200, "book.xml": 200, "nosuch.bin": 404, "000000000000.cfg": 404, unknown + ".cfg": 429,
	} {
		if w := from(h, lan, name, nil); w.Code != want {
			t.Errorf("LAN, %s: got %d, want %d", name, w.Code, want)
		}
	}
}

// Names of firmware and pictures that look as if they had a MAC cost nothing: they are nobody's, and no try.
func TestDatesAreNoMACs(t *testing.T) {
	t.Parallel()
	b := guard(t)
	withLogin(t, b)
	statics := []string{"x42.14.0.7386T20210730173312.z", "2012070649327421.z", "sat7111700000000.bin", "fw-550e8400-e29b-41d4-a716-446655440000.bin", "1a2b3c4d5e6f.bin"}
	conf := "[p]\nstaticdir = static/\n${MAC}.cfg => t.cfg\n"
	for _, name := range statics {
		conf += "static_file => " + name + "\n"
	}
	b.Store.Swap(buildConfig(t, map[string]string{"phoneprov.conf": conf, "users.conf": "[6001]\nautoprov=yes\nprofile=p\nmacaddress=0011223344aa\n"}))
	for _, name := range statics {
		b.Renderer = requestFunc(func(provision.Request) {})
		for _, userAgent := range []string{"", "Fanvil X4 2.10.2.6887 0c383e07e16c"} {
			if w := from(Phones(b.Options), lan, name, agent(userAgent)); w.Code != 200 {
				t.Errorf("%s for %q: got %d", name, userAgent, w.Code)
			}
		}
		if w := from(Phones(b.Options), internet, name, basic("phone", "right-phone")); w.Code != 200 {
			t.Errorf("%s with a password: got %d", name, w.Code)
		}
	}
	h := Phones(b.Options)
	for i := range 60 {
		for _, form := range []string{"fw.%d.T2021073017%04d.z", "%d20120706%04d.z", "sat711170%04d%04d.bin", "%08x-e29b-41d4-a716-44665544%04x.bin", "20%02d0730%04d.bin"} {
			name := fmt.Sprintf(form, i, i)
			if w := from(h, lan, name, nil); w.Code != 404 {
				t.Fatalf("%s: got %d", name, w.Code)
			}
			if w := from(h, internet, name, basic("phone", "right-phone")); w.Code != 404 {
				t.Fatalf("%s with a password: got %d", name, w.Code)
			}
		}
	}
	if log := b.log.String(); strings.Contains(log, `"message":"refused"`) {
		t.Errorf("refused:\n%.1000s", log)
	}
}

// A file that several phones share is for each of them, and made with the variables of the first.
func TestSharedFile(t *testing.T) {
	t.Parallel()
	b := guard(t)
	withLogin(t, b)
	users := ""
	for i := range 40 {
		users += fmt.Sprintf("[%d]\nautoprov=yes\nprofile=p\nmacaddress=0011223344%02x\n", 6000+i, 0xaa+i)
	}
	b.Store.Swap(buildConfig(t, map[string]string{"users.conf": users, "phoneprov.conf": "[p]\ny000000000028.cfg => t.cfg\n${MAC:0:6}.cfg => t.cfg\n${MAC}.cfg => t.cfg\n"}))
	for i := range 40 {
		mac := fmt.Sprintf("00:11:22:33:44:%02x", 0xaa+i)
		for _, name := range []string{"y000000000028.cfg", "001122.cfg"} {
			if w := from(Phones(b.Options), lan, name, agent("Yealink SIP-T46G 28.72.0.1 "+mac)); w.Code != 200 || w.Body.String() != "user 6000 of pbx.test\n" {
				t.Errorf("%s for %s: got %d %q", name, mac, w.Code, w.Body)
			}
		}
	}
	for name, want := range map[string]int{"y000000000028.cfg": 200, "001122.cfg": 200, "0011223344aa.cfg": 200, "0011223344ab.cfg": 401} {
		if w := from(Phones(b.Options), internet, name, basic("phone", "right-phone")); w.Code != want {
			t.Errorf("%s with the password of another: got %d, want %d", name, w.Code, want)
		}
		if w := from(Phones(b.Options), internet, name, nil); w.Code != 401 {
			t.Errorf("%s for a stranger: got %d", name, w.Code)
		}
	}
	b.Access.Rules.Allow, b.Access.Login = []netip.Prefix{}, nil
	if w := from(Phones(b.Options), lan, "y000000000028.cfg", nil); w.Code != 404 {
		t.Errorf("for nobody: got %d", w.Code)
	}
}
