package page

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/browser"
	"github.com/phoneprov/phoneprov/deploy/datadirtest"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	code := skips.Reporting{M: m}.Run()
	browser.Close()
	os.Exit(code)
}

// The phones of the tests: one in each state.
const (
	alice = "0004f2000001" // change_waiting
	bob   = "0004f2000002" // refused
	carol = "0004f2000003" // never_fetched
	dave  = "0004f2000004" // failing
	erin  = "001565000005" // told
	frank = "001565000006" // no_reaction
	grace = "001565000007" // unknown
	heidi = "001565000008" // up_to_date
	nadir = "805ec0aabbcc" // a stranger

	aliceSecret = "alices-secret-word"
	newSecret   = "alices-other-word"
)

const phoneprovConf = `[general]
default_profile = poly
[poly]
setvar => ADMIN_PASSWORD=` + aliceSecret + `
static_file => logo.bmp
${MAC}.cfg => t.cfg
${MAC}.xml => t.xml
[yealink]
mime_type = text/plain
${MAC}.cfg => t.cfg
[asks]
${MAC}.cfg => ask.cfg
`

var dataFiles = map[string]string{
	"t.cfg":    "# phone\n[account]\nuser = ${USERNAME}\npassword = ${SECRET}\nname = ${DISPLAY_NAME}\nurl = ${PP_URL}\n",
	"t.xml":    "<?xml version=\"1.0\"?>\n<!-- lines -->\n<phone><line n=\"1\" secret=\"${SECRET}\">${DISPLAY_NAME}</line></phone>\n",
	"ask.cfg":  "${DB(a/b)}\n",
	"logo.bmp": "BM",
}

// line is a section of users.conf.
func line(number int, mac, name, profile, secret string) string {
	return fmt.Sprintf("[%d]\nautoprov = yes\nusername = %[1]d\nfullname = %s\nmacaddress = %s\nprofile = %s\nsecret = %s\n", number, name, mac, profile, secret)
}

func usersConf(alicesName, alicesSecret string) string {
	return "[general]\n" + line(6001, alice, alicesName, "poly", alicesSecret) + line(6002, bob, "Bob", "poly", "secret-of-bob") +
		line(6003, carol, "Carol", "poly", "secret-of-carol") + line(6004, dave, "Dave", "poly", "secret-of-dave") +
		line(6005, erin, "Erin", "yealink", "secret-of-erin-"+alicesSecret) + line(6006, frank, "Frank", "yealink", "secret-of-frank-"+alicesSecret) +
		line(6007, grace, "Grace", "asks", "secret-of-grace") + line(6008, heidi, "Heidi", "yealink", "secret-of-heidi")
}

// site is the page over a ledger, with phones.
type site struct {
	testing.TB
	admin.Options
	ledger *ledger.Ledger
	url    string

	at time.Time // of the next requests; zero: now

	mu    sync.Mutex
	told  []string
	held  *provision.Held
	again int
}

func newSite(t testing.TB, conf, users string) *site {
	t.Helper()
	renderer := provision.NewRenderer(provision.RendererOptions{Data: datadirtest.Open(t, dataFiles), Ask: func(context.Context, string) (string, error) { return "answer", nil }})
	s := &site{TB: t, Options: admin.Options{Store: new(provision.Store), Renderer: renderer, Version: "test",
		Request: provision.Request{Server: "127.0.0.1", Host: "127.0.0.1:8080", Scheme: "http", Prefix: "/phoneprov"}}}
	var err error
	s.ledger, err = ledger.New(ledger.Options{Snapshots: s.Store, Renderer: renderer, Prefix: "/phoneprov", Peer: func(_, endpoint string) (ledger.Peer, bool) {
		return ledger.Peer{Endpoint: endpoint, Registered: endpoint != "6006", RegisteredAt: time.Now(), Contact: "sip:" + endpoint + "@192.0.2.7:5060", Address: "192.0.2.7",
			RoundTrip: 12 * time.Millisecond, UserAgent: "Yealink SIP-T46S 66.85.0.5"}, endpoint != ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Ledger = s.ledger
	testsite.RunLedger(t, s.ledger)
	s.sync(conf, users)
	return s
}

// sync serves a configuration and tells the ledger of it.
func (s *site) sync(conf, users string) {
	s.Helper()
	s.Store.Swap(testsite.Snapshot(s, map[string]string{"phoneprov.conf": conf, "users.conf": users}))
	s.ledger.Synced(ledger.Sync{At: time.Now(), Trigger: "core reload"})
	s.settle()
}

// asked tells the ledger of a request.
func (s *site) asked(name, agent, address string, status int, reason string) {
	s.Helper()
	a := ledger.Answer{At: time.Now(), Method: "GET", File: name, Status: status, Addr: netip.MustParseAddr(address), Reason: reason,
		Refused: reason != "", Whole: true, Asked: provision.Request{Server: "pbx.test", Host: "pbx.test:8080", Scheme: "http", Prefix: "/phoneprov", UserAgent: agent, Now: time.Now()}}
	if !s.at.IsZero() {
		a.At = s.at
	}
	if status >= 500 {
		a.Err, a.Refused = "the template has a mistake", false
	}
	testsite.Answered(s, s.ledger, s.Store.Load(), s.Renderer, a)
}

func (s *site) settle() { s.Helper(); testsite.Settle(s, s.ledger) }

const (
	polyAgent    = "FileTransport PolycomVVX-VVX_411-UA/5.9.6.2327 (SN:0004f2000001) Type/Application"
	yealinkAgent = "Yealink SIP-T46S 66.85.0.5 00:15:65:00:00:05"
)

// lively returns a site with a phone in each state and a stranger, served over HTTP.
func lively(t testing.TB) *site {
	s := newSite(t, phoneprovConf, usersConf("Alice Archer", aliceSecret))
	for i, mac := range []string{alice, dave} {
		s.asked(mac+".cfg", polyAgent, fmt.Sprintf("192.0.2.%d", 11+i), 200, "")
	}
	s.asked(alice+".xml", polyAgent, "192.0.2.11", 200, "")
	for i, mac := range []string{erin, frank, grace, heidi} {
		s.asked(mac+".cfg", yealinkAgent, fmt.Sprintf("192.0.2.%d", 15+i), 200, "")
	}
	s.asked(bob+".cfg", "curl/8", "198.51.100.9", 404, "address not allowed")
	s.asked(dave+".cfg", polyAgent, "192.0.2.12", 500, "")
	s.asked(nadir+".cfg", "Yealink SIP-T54W 96.85.0.5 80:5e:c0:aa:bb:cc", "192.0.2.99", 404, "no such phone")
	s.settle()
	s.waitKept(alice, alice+".cfg")
	s.waitKept(alice, alice+".xml")
	s.sync(phoneprovConf, usersConf("Alice Adams", newSecret))
	now := time.Now()
	s.ledger.PhoneTold(erin, ledger.Notice{At: now, Until: now.Add(time.Hour), How: "NOTIFY check-sync to sip:6005@192.0.2.15", Tries: 1, Answer: "accepted"})
	s.ledger.PhoneTold(frank, ledger.Notice{At: now.Add(-time.Hour), Until: now.Add(-time.Minute), How: "NOTIFY check-sync to sip:6006@192.0.2.16", Tries: 2, Answer: "accepted"})
	s.settle()
	s.Status = func() admin.Status {
		since := now.Add(-3 * time.Hour)
		return admin.Status{AMI: admin.AMI{Configured: true, Connected: true, Since: &since, AsteriskVersion: "22.1.0"}, LastSync: &admin.Sync{At: now, Trigger: "core reload", Changed: 3}}
	}
	s.Problems = func() []admin.Problem {
		return []admin.Problem{
			{Severity: "error", Message: `profile "poly": template "t.xml" has a ${ without its }`, File: "phoneprov.conf", Line: 3, About: "template", Since: now.Add(-time.Minute)},
			{Severity: "warning", Message: `[6004]: unknown option "lable"; is "label" meant?`, File: "users.conf", Line: 12, About: "configuration", Since: now.Add(-26 * time.Hour)},
		}
	}
	s.Settings = []admin.Setting{
		{Section: "http", Key: "listen", Value: ":8080", Default: ":8080", Origin: "default", Meaning: "address for phones"},
		{Section: "ami", Key: "address", Value: "127.0.0.1:5038", Origin: "/etc/phoneprov.ini:3", Meaning: "address of Asterisk's manager interface"},
		{Section: "ami", Key: "secret", Value: "<secret>", Origin: "environment PHONEPROV_AMI_SECRET", Secret: true, Meaning: "its secret"},
	}
	s.Reload = func(string) { s.locked(func() { s.again++ }) }
	s.Held = func() (all []provision.Held) {
		s.locked(func() {
			if s.held != nil {
				all = append(all, *s.held)
			}
		})
		return all
	}
	s.Confirm = func(id, _ string) (all []provision.Held, err error) {
		s.locked(func() {
			switch {
			case s.held == nil:
				err = provision.ErrNothingHeld
			case s.held.ID != id:
				err = provision.ErrOtherHeld
			default:
				all, s.held = []provision.Held{*s.held}, nil
			}
		})
		return all, err
	}
	s.Notify = func(_ context.Context, q admin.NotifyRequest) (admin.NotifyResult, error) {
		s.locked(func() { s.told = append(s.told, q.Phones...) })
		if q.Phones[0] == frank {
			return admin.NotifyResult{Items: []admin.NotifiedPhone{{ID: frank, Outcome: admin.NotTold, Why: "the phone is not registered"}}, Total: 1}, nil
		}
		return admin.NotifyResult{Items: []admin.NotifiedPhone{{ID: q.Phones[0], Outcome: "queued", Event: "check-sync", To: "pjsip endpoint 6001"}}, Total: 1, Told: 1}, nil
	}
	s.serve()
	return s
}

func (s *site) locked(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// waitKept waits until the text that a phone fetched is kept.
func (s *site) waitKept(mac, file string) {
	s.Helper()
	testkit.Eventually(s, "the text of "+file+" is kept", func() bool {
		_, err := s.ledger.LastFetched(mac, file)
		return err == nil
	})
}

// serve serves the page and the API.
func (s *site) serve() {
	s.Helper()
	ending := make(chan struct{})
	s.Ending = ending
	api := admin.NewAPI(s.Options)
	page, err := New(api)
	if err != nil {
		s.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", api.Handler())
	mux.Handle("/", page)
	server := httptest.NewServer(mux)
	s.Cleanup(func() {
		close(ending)
		server.Close()
	})
	s.url = server.URL
}

// answer is what a client without JavaScript gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request. A form makes it a POST. header has names and values.
func (s *site) ask(target string, form url.Values, header ...string) answer {
	s.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w, err := client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer w.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, w.Body); err != nil {
		s.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, text.String()}
}
