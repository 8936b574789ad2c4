package ledger

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/device"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8) // the ledger gathers events for a while
	goleak.VerifyTestMain(skips.Reporting{M: m})
}

// The configuration of the tests.
const (
	phoneprovConf = `[general]
default_profile = p
[p]
${MAC}.cfg => t.cfg
${MAC}-dir.xml => dir.xml
${MAC}-ask.cfg => ask.cfg
${MAC}-rand.cfg => rand.cfg
shared.cfg => t.cfg
`
	twoPhones = `[general]
[6001]
username = 6001
fullname = Alice
autoprov = yes
macaddress = 0004f2000001
secret = first
[6002]
username = 6002
fullname = Bob
autoprov = yes
macaddress = 0004f2000002
secret = second
`
	mac1, mac2, macNone = "0004f2000001", "0004f2000002", "0004f2000009"
)

var templateFiles = map[string]string{
	"t.cfg":    "user ${USERNAME} ${SECRET} at ${SERVER} ${PP_SCHEME} ${PP_MODEL}\n",
	"dir.xml":  "<d>${PP_EACH_USER(<e>%{USERNAME} %{DISPLAY_NAME}</e>,${MAC})}</d>\n",
	"ask.cfg":  "user ${USERNAME} ${DB(x/y)}\n",
	"rand.cfg": "${RAND(1,1000000)}\n",
}

// site is a ledger with a configuration and phones.
type site struct {
	*Ledger
	t        testing.TB
	store    *provision.Store
	renderer *provision.Renderer
	dir      string // directory of the templates
	mu       sync.Mutex
	faults   []error
	stop     func() // for a test that stops the ledger early
	ask      func(context.Context, string) (string, error)
}

// newSite returns a site that runs until the test ends.
func newSite(t testing.TB, users string, change func(*Options)) *site {
	t.Helper()
	s := makeSite(t, users, change)
	s.stop = s.run(t)
	return s
}

// run runs the ledger until the test ends or stop is called.
func (s *site) run(t testing.TB) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func makeSite(t testing.TB, users string, change func(*Options)) *site {
	t.Helper()
	s := &site{t: t, store: new(provision.Store), dir: t.TempDir(), ask: func(context.Context, string) (string, error) { return "answer", nil }}
	for name, text := range templateFiles {
		s.template(name, text)
	}
	data, err := datadir.Open(s.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	s.renderer = provision.NewRenderer(provision.RendererOptions{Data: data, Ask: func(ctx context.Context, call string) (string, error) { return s.ask(ctx, call) }})
	o := Options{Snapshots: s.store, Renderer: s.renderer, Prefix: "/phoneprov", Fault: func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = append(s.faults, err)
	}}
	if change != nil {
		change(&o)
	}
	if s.Ledger, err = New(o); err != nil {
		t.Fatal(err)
	}
	if users != "" {
		s.sync(users)
	}
	return s
}

// toldFaults returns the errors that Options.Fault received.
func (s *site) toldFaults() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// template writes a template with an old time, so that it counts at once.
func (s *site) template(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path+".next", []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour - time.Duration(len(text))*time.Second)
	if err := os.Chtimes(path+".next", old, old); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		s.t.Fatal(err)
	}
}

// sync serves a configuration and tells the ledger of it.
func (s *site) sync(users string) { s.syncFiles(map[string]string{"users.conf": users}) }

func (s *site) syncFiles(files map[string]string) {
	s.t.Helper()
	if files["phoneprov.conf"] == "" {
		files["phoneprov.conf"] = phoneprovConf
	}
	config := provision.Config{}
	astconftest.Read(s.t, config, config.Files(), files)
	next, _, err := provision.Build(s.t.Context(), provision.Input{Config: config}, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	s.store.Swap(next)
	s.Synced(Sync{At: s.now(), Trigger: "test"})
}

// asks identifies a client.
type asks struct {
	from, agent, host string // its address, its User-Agent, and the host that it asks for
	whole             bool   // it reads answers to their end
}

var desk = asks{"192.0.2.7", "Yealink SIP-T46S 66.85.0.5 00:04:f2:00:00:01", "pbx.test:8080", true}

// fetch renders a file for a phone, tells the ledger that the phone got it, and returns the answer.
func (s *site) fetch(who asks, name string) Answer {
	s.t.Helper()
	snap := s.store.Load()
	a := s.answer(who, name, 200)
	a.Route = snap.Lookup(name)
	if a.Route == nil {
		s.t.Fatalf("%s: no such file", name)
	}
	d, err := s.renderer.Render(s.t.Context(), snap, a.Route, a.Asked)
	if err != nil {
		a.Status, a.Err = 503, err.Error()
	} else {
		a.ETag, a.Basis, a.Bytes = d.ETag, d.Basis(snap, a.Route), d.Size
		d.Close()
	}
	s.Served(a)
	return a
}

// answer returns an answer without a document.
func (s *site) answer(who asks, name string, status int) Answer {
	a := Answer{At: s.now(), Method: "GET", File: name, Status: status, Whole: who.whole, Asked: provision.Request{
		Server: "pbx.test", Host: who.host, Scheme: "http", Prefix: "/phoneprov", UserAgent: who.agent, Now: s.now(),
	}}
	a.Addr, _ = netip.ParseAddr(who.from)
	a.MAC, _, _ = device.FindMAC(name)
	return a
}

func (s *site) refuse(who asks, name, reason string) {
	a := s.answer(who, name, 404)
	a.Reason, a.Refused = reason, true
	s.Served(a)
}

// settled waits until everything is applied and compared.
func (s *site) settled() *site {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Settle(ctx); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// shows returns a phone for display, once everything is applied.
func (s *site) shows(id string) Phone {
	s.t.Helper()
	p, ok := s.settled().Phone(id)
	if !ok {
		s.t.Fatalf("no phone %s", id)
	}
	return p
}

func (s *site) wantState(id string, want State) Phone {
	s.t.Helper()
	p := s.shows(id)
	if p.State != want {
		s.t.Fatalf("%s: got state %q (%s), want %q", id, p.State, p.Reason, want)
	}
	return p
}

func (s *site) removeTemplate(name string) {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
		s.t.Fatal(err)
	}
}
