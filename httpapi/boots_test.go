package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision/device"
)

// What a step of a boot leads to: a status, or one that depends on what was sent before.
const (
	given  = http.StatusOK
	absent = http.StatusNotFound
	kept   = -1 // what the phone sent at its boot before, where that is stored
	sent   = -2 // an upload
)

// step is a request of a boot. In the name, as in a User-Agent, {mac} and {MAC} stand for the phone's, {ma:c} and {MA-C} for
// it with separators.
type step struct {
	method, name string
	want         int
}

// bootTests are what phones ask for from power on until they have registered, vendor by vendor.
var bootTests = []struct {
	vendor, agent, auth string // how it answers a 401: "basic", "digest", or not at all
	keepAlive           bool
	profile             string // the lines of its profile
	boot                []step
}{
	{"poly", "FileTransport PolycomVVX-VVX_500-UA/5.9.7.4477", "digest", true,
		"static_file => 000000000000.cfg\n${MAC}-lines.cfg => phone.cfg\n", []step{
			{"PUT", "{mac}-boot.log", sent}, {"GET", "{mac}.cfg", absent}, {"GET", "000000000000.cfg", given},
			{"GET", "3111-48450-001.sip.ld", absent}, {"GET", "{mac}-lines.cfg", given},
			{"GET", "{mac}-phone.cfg", kept}, {"GET", "{mac}-web.cfg", kept}, {"GET", "{mac}-license.cfg", absent},
			{"GET", "000000000000-license.cfg", absent}, {"GET", "{mac}-directory.xml", kept}, {"GET", "000000000000-directory.xml", absent},
			{"GET", "{mac}-calls.xml", kept}, {"HEAD", "{mac}-app.log", kept}, {"PUT", "{mac}-app.log", sent},
			{"PUT", "{mac}-phone.cfg", sent}, {"PUT", "{mac}-web.cfg", sent}, {"PUT", "{mac}-directory.xml", sent}, {"PUT", "{mac}-calls.xml", sent},
		}},
	{"poly with a file of its own", "FileTransport PolycomVVX-VVX_411-UA/6.4.3.5156", "basic", true,
		"${MAC}.cfg => phone.cfg\n", []step{
			{"PUT", "{mac}-boot.log", sent}, {"GET", "{mac}.cfg", given}, {"GET", "sip.ld", absent}, {"GET", "{mac}-phone.cfg", absent},
			{"GET", "{mac}-license.cfg", absent}, {"GET", "{mac}-directory.xml", absent}, {"GET", "000000000000-directory.xml", absent},
			{"PUT", "{mac}-app.log", sent},
		}},
	{"yealink", "Yealink SIP-T46G 28.72.0.1 {ma:c}", "digest", true,
		"static_file => y000000000028.cfg\n${MAC}.cfg => phone.cfg\n", []step{
			{"GET", "{mac}.boot", absent}, {"GET", "y000000000000.boot", absent}, {"GET", "y000000000028.cfg", given},
			{"GET", "{mac}.cfg", given}, {"GET", "{mac}-local.cfg", kept}, {"PUT", "{mac}-local.cfg", sent}, {"POST", "{mac}-all.cfg", sent},
		}},
	{"snom", "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 1.1.3-u {MAC} SXM:0 CLM:0)", "basic", false,
		"static_file => snomD785.htm\nsnomD785-${MAC}.htm => phone.cfg\n", []step{
			{"GET", "snomD785.htm", given}, {"GET", "snomD785-{MAC}.htm", given}, {"GET", "{MAC}.xml", absent},
		}},
	{"grandstream", "Grandstream Model HW GXP1628 SW 1.0.4.138 DevId {mac}", "", false,
		"cfg${MAC}.xml => phone.cfg\n", []step{
			{"GET", "cfg{mac}", absent}, {"GET", "cfg{mac}.xml", given}, {"GET", "cfggxp1628.xml", absent}, {"GET", "cfg.xml", absent},
			{"GET", "phonebook.xml", absent},
		}},
	{"cisco spa", "Cisco/SPA501G-7.4.4 ({MAC})(CCQ0123456)", "basic", false,
		"static_file => spa501G.cfg\nspa${MAC}.cfg => phone.cfg\n", []step{
			{"GET", "spa501G.cfg", given}, {"GET", "spa{mac}.cfg", given}, {"GET", "spa{MAC}.cfg", given},
		}},
	{"cisco mpp", "Cisco-CP-8841-3PCC/11.0 ({mac})", "digest", true,
		"Cisco/CP-8841-3PCC/${MAC}.cfg => phone.cfg\n", []step{
			{"GET", "CP-8841-3PCC.cfg", absent}, {"GET", "Cisco/CP-8841-3PCC/{mac}.cfg", given}, {"POST", "{mac}-report.xml", sent},
		}},
	{"cisco enterprise", "", "", true,
		"SEP${MAC}.cnf.xml => phone.cfg\n", []step{
			{"GET", "CTLSEP{MAC}.tlv", absent}, {"GET", "ITLSEP{MAC}.tlv", absent}, {"GET", "ITLFile.tlv", absent},
			{"GET", "SEP{MAC}.cnf.xml.sgn", absent}, {"GET", "SEP{MAC}.cnf.xml", given}, {"GET", "XMLDefault.cnf.xml", absent},
			{"GET", "English_United_States/mk-sip.jar", absent}, {"GET", "United_States/g3-tones.xml", absent},
		}},
	{"fanvil", "Fanvil X4 2.10.2.6887 {mac}", "digest", false,
		"static_file => f0V00X400000.cfg\n${MAC}.cfg => phone.cfg\n", []step{
			{"GET", "f0V00X400000.cfg", given}, {"GET", "{mac}.cfg", given},
		}},
	{"mitel", "Mitel6940 MAC:{MA-C} V:6.4.0.140-SIP", "basic", false,
		"static_file => startup.cfg\n${MAC}.cfg => phone.cfg\n", []step{
			{"GET", "security.tuz", absent}, {"GET", "startup.cfg", given}, {"GET", "6940.cfg", absent}, {"GET", "{MAC}.cfg", given},
		}},
	{"gigaset", "Gigaset N870 IP PRO/83.V2.11.0+build.ea3b;{MAC}", "", true,
		"${MAC}.xml => phone.cfg\n", []step{{"GET", "{MAC}.xml", given}, {"GET", "{mac}.xml", given}}},
	{"htek", "Htek UC903 2.0.4.2 {ma:c}", "", false,
		"cfg${MAC}.xml => phone.cfg\n", []step{{"GET", "cfg{mac}.xml", given}}},
	{"panasonic", "Panasonic_KX-UT113/01.133 ({mac})", "basic", false,
		"static_file => KX-UT113.cfg\nConfig${MAC}.cfg => phone.cfg\n", []step{{"GET", "KX-UT113.cfg", given}, {"GET", "Config{mac}.cfg", given}}},
	{"digium", "", "basic", true,
		"${MAC}.cfg => phone.cfg\n", []step{{"GET", "{mac}.cfg", given}, {"GET", "{mac}-contacts-internal.xml", absent}}},
}

const (
	perVendor  = 100 // phones behind one address, in CI
	bootSecret = "password-of-phone"
	bootUpload = uploadBody + " "
)

// bootMAC is that of a vendor's n-th phone.
func bootMAC(vendor, n int) device.MAC {
	return device.MAC{0x00, 0x15, 0x65, byte(vendor), byte(n >> 8), byte(n)}
}

// bootSite has the phones of all vendors.
func bootSite(t *testing.T, phones int) *site {
	t.Helper()
	s := newSite(t, "", map[string]string{"phone.cfg": "user ${USERNAME} secret ${SECRET}\n"})
	users, profiles := strings.Builder{}, strings.Builder{}
	profiles.WriteString("[general]\n")
	users.WriteString("[general]\n")
	for v, tt := range bootTests {
		fmt.Fprintf(&profiles, "[v%d]\nmime_type = text/plain\nstaticdir = static/\n%s", v, tt.profile)
		for line := range strings.Lines(tt.profile) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "static_file => "); ok {
				s.lay(t, "data/static/"+name, "the same for all")
			}
		}
		for n := range phones {
			fmt.Fprintf(&users, "[%d-%d]\nusername = u%[1]d-%[2]d\nautoprov = yes\nmacaddress = %[3]s\nprofile = v%[1]d\nsecret = "+bootSecret+"-%[1]d-%[2]d\n", v, n, bootMAC(v, n))
		}
	}
	s.Store.Swap(buildConfig(t, map[string]string{"users.conf": users.String(), "phoneprov.conf": profiles.String()}))
	return s
}

// withShared gives the site a user that all phones share, with all schemes.
func withShared(t *testing.T, s *site) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(digestPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	secrets.Add(string(hash))
	path := filepath.Join(s.dir, "credentials")
	text := fmt.Sprintf("*:%s:%s\n*:%[1]s:MD5:%[3]s\n", digestUser, hash, digestHash(digestUser+":phoneprov:"+digestPassword))
	testkit.Write(t, path, text)
	file, err := httpauth.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Access.Login, err = httpauth.New(file, "phoneprov"); err != nil {
		t.Fatal(err)
	}
	s.Access.Rules.Allow = []netip.Prefix{}
}

// phone is one that boots.
type phone struct {
	client              http.Client
	addr, file          string // file: what it is to get under its own names
	names               *strings.Replacer
	agent, auth, scheme string // scheme: that it was asked for, "" before
	nonce               string
	count               int
}

func newPhone(addr string, vendor, n int) *phone {
	tt := bootTests[vendor]
	mac := bootMAC(vendor, n)
	with := func(sep string) string {
		return strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("% x", mac[:])), " ", sep)
	}
	p := &phone{addr: addr, auth: tt.auth, file: fmt.Sprintf("user u%d-%d secret "+bootSecret+"-%[1]d-%[2]d\n", vendor, n), names: strings.NewReplacer("{mac}", with(""), "{MAC}", strings.ToUpper(with("")),
		"{ma:c}", with(":"), "{MA-C}", strings.ToUpper(with("-")))}
	p.agent = p.names.Replace(tt.agent)
	p.client.Transport = &http.Transport{DisableKeepAlives: !tt.keepAlive, MaxIdleConns: 1, DisableCompression: true}
	return p
}

// ask makes a request, and once more with credentials where it is asked for them.
func (p *phone) ask(ctx context.Context, method, name string) (status int, body string, err error) {
	for {
		r, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+"/phoneprov/"+name, nil)
		if err != nil {
			return 0, "", err
		}
		if method == "PUT" || method == "POST" {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(bootUpload+name)), int64(len(bootUpload+name))
		}
		r.Header.Set("User-Agent", p.agent)
		p.authorize(r)
		resp, err := p.client.Do(r)
		if err != nil {
			return 0, "", err
		}
		var text bytes.Buffer
		_, err = text.ReadFrom(resp.Body)
		resp.Body.Close()
		page(method+" "+name, resp.StatusCode, resp.Header, text.String())
		if resp.StatusCode == http.StatusUnauthorized && p.scheme == "" && p.auth != "" {
			p.scheme = p.auth
			if m := nonceOf.FindStringSubmatch(fmt.Sprint(resp.Header)); m != nil {
				p.nonce = m[1]
			}
			continue
		}
		return resp.StatusCode, text.String(), err
	}
}

func (p *phone) authorize(r *http.Request) {
	switch p.scheme {
	case "basic":
		r.SetBasicAuth(digestUser, digestPassword)
	case "digest":
		p.count++
		line := digestHeader(r.Method, r.URL.RequestURI(), p.nonce, fmt.Sprintf("%08x", p.count))
		r.Header.Set("Authorization", strings.TrimSpace(strings.TrimPrefix(line, "Authorization:")))
	}
}

// boot makes all requests of a boot and reports what went otherwise than it should.
func (p *phone) boot(ctx context.Context, vendor int, again, stored bool) error {
	for _, s := range bootTests[vendor].boot {
		name := p.names.Replace(s.name)
		want := s.want
		switch {
		case want == kept && again && stored, want == sent && again && stored:
			want = given
		case want == kept:
			want = absent
		case want == sent:
			want = http.StatusCreated
		}
		status, body, err := p.ask(ctx, s.method, name)
		if err != nil {
			return err
		}
		if status != want {
			return fmt.Errorf("%s %s: got %d, want %d", s.method, name, status, want)
		}
		switch {
		case s.method != "GET" || status != given:
		case s.want == kept && body != bootUpload+name, s.want == given && name != s.name && body != p.file:
			return fmt.Errorf("%s: got %q", name, body)
		}
	}
	return nil
}

// Phones of every vendor boot, a hundred of each behind one address: each gets its files, and none is turned away.
func TestBoots(t *testing.T) {
	t.Parallel()
	many := skips.Size(t, perVendor, 3)
	some := skips.Size(t, 10, 1)
	for _, mode := range []struct {
		name   string
		upload UploadMode
		login  bool
		phones int
	}{
		{"by address, discard", UploadsDiscard, false, many}, {"by address, store", UploadsStore, false, some},
		{"by password, discard", UploadsDiscard, true, some}, {"by password, store", UploadsStore, true, many},
	} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			s := bootSite(t, mode.phones)
			s.Uploads.Mode = mode.upload
			if mode.login {
				withShared(t, s)
			}
			t.Run("vendors", func(t *testing.T) {
				addr := listen(t, Phones(s.Options))
				for v, tt := range bootTests {
					if mode.login && tt.auth == "" {
						continue // it would ask the person before it
					}
					t.Run(tt.vendor, func(t *testing.T) { bootAll(t, addr, v, mode.phones, mode.upload == UploadsStore) })
				}
			})
			if log := s.log.String(); strings.Contains(log, `"message":"refused"`) || strings.Contains(log, `"status":429`) || strings.Contains(log, `"status":5`) {
				t.Errorf("somebody was refused:\n%.2000s", log)
			}
		})
	}
}

// boots is how often a phone boots: some do again, and find what they sent.
func boots(n int) int {
	if n < 5 {
		return 2
	}
	return 1
}

func bootAll(t *testing.T, addr string, vendor, phones int, stored bool) {
	const atOnce = 10
	next := make(chan int)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for n := range next {
				p := newPhone(addr, vendor, n)
				for boot := range boots(n) {
					if err := p.boot(t.Context(), vendor, boot > 0, stored); err != nil {
						t.Errorf("phone %d, boot %d: %v", n, boot+1, err)
					}
				}
				p.client.CloseIdleConnections()
			}
		})
	}
	for n := range phones {
		next <- n
	}
	close(next)
	all.Wait()
}
