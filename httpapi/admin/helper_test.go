package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/datadirtest"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(secrets.Guard(m))
}

// The secrets of the tests. Only an answer to ?secrets=true may contain one.
const (
	aliceSecret = "alices-secret-word"
	bobSecret   = "bobs-other-secret"
	adminSecret = "phone-admin-word"
)

var secrets = secrettest.New(aliceSecret, bobSecret, adminSecret)

const (
	alice, bob, carol, nobody = "0004f2000001", "0004f2000002", "0004f2000003", "0004f2000009"

	phoneprovConf = `[general]
default_profile = p
[p]
setvar => ADMIN_PASSWORD=` + adminSecret + `
static_file => logo.bmp
${MAC}.cfg => t.cfg
sub/${MAC} x.xml => t.xml
${MAC}-ask.cfg => ask.cfg
`
	usersConf = `[general]
[6001]
username = 6001
fullname = Alice
autoprov = yes
macaddress = ` + alice + `
secret = ` + aliceSecret + `
[6002]
username = 6002
fullname = Bob <b>&
autoprov = yes
macaddress = ` + bob + `
secret = ` + bobSecret + `
[6003]
username = 6003
fullname = Carol
autoprov = yes
macaddress = ` + carol + `
secret = ` + bobSecret + `
`
)

var dataFiles = map[string]string{
	"t.cfg":    "user ${USERNAME} pass ${SECRET} md5 ${MD5(${SECRET})} admin ${ADMIN_PASSWORD} at ${PP_URL} ${SERVER} ${PP_MODEL}\n",
	"t.xml":    "<p><u>${USERNAME}</u><s>${SECRET}</s></p>",
	"ask.cfg":  "${DB(a/b)}\n",
	"logo.bmp": "BM",
}

// site is a handler over a ledger, with phones.
type site struct {
	Options
	testing.TB
	ledger  *ledger.Ledger
	reloads []string
	held    *provision.Held
}

func newSite(t testing.TB, users string) *site {
	t.Helper()
	renderer := provision.NewRenderer(provision.RendererOptions{Data: datadirtest.Open(t, dataFiles), Ask: func(context.Context, string) (string, error) { return bobSecret, nil }})
	s := &site{TB: t, Options: Options{
		Store: new(provision.Store), Renderer: renderer, Version: "test",
		Request: provision.Request{Server: "127.0.0.1", Host: "127.0.0.1:8080", Scheme: "http", Prefix: "/phoneprov"},
	}}
	var err error
	if s.ledger, err = ledger.New(ledger.Options{Snapshots: s.Store, Renderer: renderer, Prefix: "/phoneprov"}); err != nil {
		t.Fatal(err)
	}
	s.Ledger = s.ledger
	s.Reload = func(reason string) { s.reloads = append(s.reloads, reason) }
	s.Held = func() []provision.Held {
		if s.held == nil {
			return nil
		}
		return []provision.Held{*s.held}
	}
	s.Confirm = func(id, _ string) ([]provision.Held, error) {
		if s.held == nil {
			return nil, provision.ErrNothingHeld
		}
		if id != "" && id != s.held.ID {
			return nil, provision.ErrOtherHeld
		}
		applied := *s.held
		s.held = nil
		return []provision.Held{applied}, nil
	}
	s.Notify = func(_ context.Context, q NotifyRequest) (NotifyResult, error) {
		switch {
		case q.Confirm:
			return NotifyResult{}, fmt.Errorf("%w: nothing is held", ErrConflict)
		case slices.Contains(q.Phones, nobody):
			return NotifyResult{}, fmt.Errorf("%w: %s", ErrNoSuchPhone, nobody)
		}
		return NotifyResult{Items: []NotifiedPhone{{ID: alice, MAC: alice, State: ledger.UpToDate, Outcome: "queued", Event: "check-sync", Reboots: "no", To: "pjsip endpoint 6001"}}, Total: 1, Told: 1}, nil
	}
	testsite.RunLedger(t, s.ledger)
	if users != "" {
		s.sync(users)
	}
	return s
}

// sync serves a configuration and tells the ledger of it.
func (s *site) sync(users string) {
	s.Helper()
	s.Store.Swap(testsite.Snapshot(s, map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": users}))
	s.ledger.Synced(ledger.Sync{At: time.Now(), Trigger: "test"})
	s.settle()
}

// phoneAgent is the User-Agent of alice's phone.
const phoneAgent = "Yealink SIP-T46S 66.85.0.5 00:04:f2:00:00:01"

// fetched tells the ledger of a phone's request and waits until it is applied.
func (s *site) fetched(name, agent string, status int, reason string) {
	s.Helper()
	s.asked(name, agent, status, reason)
	s.settle()
}

func (s *site) fetchedQuietly(name string) { s.asked(name, phoneAgent, http.StatusOK, "") }

func (s *site) asked(name, agent string, status int, reason string) {
	s.Helper()
	testsite.Answered(s, s.ledger, s.Store.Load(), s.Renderer, ledger.Answer{At: time.Now(), Method: "GET", File: name, Status: status, Addr: netip.MustParseAddr("192.0.2.7"), Reason: reason,
		Refused: reason != "", Whole: true, Asked: provision.Request{Server: "pbx.test", Host: "pbx.test:8080", Scheme: "http", Prefix: "/phoneprov", UserAgent: agent, Now: time.Now()}})
}

// kept waits until the text of a phone's file is kept.
func (s *site) kept(name string) {
	s.Helper()
	mac, _, _ := device.FindMAC(name)
	testkit.Eventually(s, "the text of "+name, func() bool {
		_, err := s.ledger.LastFetched(mac.String(), name)
		return err == nil
	})
}

func (s *site) settle() { s.Helper(); testsite.Settle(s, s.ledger) }

// lively returns a site with a phone that is up to date, one that was refused, one that never came, and a stranger.
func lively(t testing.TB) *site {
	s := newSite(t, usersConf)
	s.fetched(alice+".cfg", phoneAgent, 200, "")
	s.kept(alice + ".cfg")
	s.fetched(bob+".cfg", phoneAgent, 404, "user agent of another phone")
	s.fetched(nobody+".cfg", "curl/8", 404, "no such phone")
	s.Status = func() Status {
		return Status{AMI: AMI{Configured: true, Connected: true, Since: known(time.Now()), AsteriskVersion: "22.1"}, LastError: "users.conf:3: broken",
			LastErrorAt: time.Now(), LastSync: &Sync{At: time.Now().UTC(), Trigger: "test", Added: 3}, Warnings: []string{"a right is missing"}}
	}
	s.Problems = func() []Problem {
		return []Problem{{Severity: "warning", Message: "no such option", File: "users.conf", Line: 3, About: "configuration", Since: time.Now().UTC()}}
	}
	s.Settings = []Setting{{Section: "ami", Key: "secret", Value: "<secret>", Origin: "environment PHONEPROV_AMI_SECRET", Secret: true, Meaning: "its secret"}}
	s.held = &provision.Held{ID: "h1", Since: time.Now().UTC(), Trigger: "connect", Reason: "3 of 3 phones would be gone", Before: 3, Lost: 3, Phones: []string{alice, bob, carol}}
	s.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintln(w, "phoneprov_phones 3")
	})
	return s
}

// ask sends a request. It searches every answer for secrets, unless the request asks for them.
func (s *site) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8081"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	NewAPI(s.Options).Handler().ServeHTTP(w, r)
	if !strings.Contains(target, "secrets=true") {
		secrets.Text(method+" "+target, fmt.Sprint(w.Header(), w.Body))
	}
	return w
}

// get returns a decoded JSON answer. The test fails without one.
func get[T any](s *site, target string) (value T) {
	s.Helper()
	w := s.ask("GET", target, "")
	if w.Code != http.StatusOK {
		s.Fatalf("%s: got %d %s", target, w.Code, w.Body)
	}
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		s.Fatalf("%s: %v", target, err)
	}
	return value
}
