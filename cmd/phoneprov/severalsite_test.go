package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/admin"
)

// fakePBX is an Asterisk of the test, with its directories. It can be down.
type fakePBX struct {
	name   string
	dir    string // has asterisk and data
	addr   string
	server *amiserver.Server
	down   atomic.Bool

	registered atomic.Bool   // its endpoint 6001 is
	asked      chan struct{} // gets a value for each function call, which then waits for another one; nil: calls are answered
	mu         sync.Mutex
	notified   []string // endpoints that were sent NOTIFY
}

// told returns the endpoints that were sent NOTIFY.
func (p *fakePBX) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.notified)
}

// Two Asterisks: both have the extension 6001, and the phone 3.
var (
	eastUsers = pbxUser("6001", "0004f2000001", "East") + pbxUser("6003", "0004f2000003", "Both")
	westUsers = pbxUser("6001", "0004f2000002", "West") + pbxUser("6004", "0004f2000003", "Too")
)

func pbxUser(extension, mac, name string) string {
	return fmt.Sprintf("[%s]\nusername=%[1]s\nautoprov=yes\nmacaddress=%s\nfullname=%s\nsecret=secret-60-%[1]s\n", extension, mac, name)
}

// startPBX starts an Asterisk. Function calls are answered with its name.
func startPBX(t *testing.T, name, users string) *fakePBX {
	t.Helper()
	p := &fakePBX{name: name, dir: t.TempDir()}
	testkit.WriteTree(t, p.dir, map[string]string{
		"asterisk/phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t.cfg\nasks-${MAC}.cfg => asks.cfg\nstatic_file => logo.bmp\n",
		"asterisk/users.conf":     users,
		"asterisk/pjsip.conf":     "[6001]\ntype=endpoint\naors=6001\nauth=6001\n[6001]\ntype=aor\n[6001]\ntype=auth\n",
		"data/t.cfg":              "${PP_PBX} " + name + " ${DISPLAY_NAME} ${SECRET}\n", "data/asks.cfg": "${DB(a/b)}\n", "data/logo.bmp": "logo of " + name,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	p.server = amiserver.New(amiserver.Options{
		Username: "phoneprov", Secret: "ami-secret", Dir: filepath.Join(p.dir, "asterisk"),
		Function: func(call string) string {
			if call == "DB(a/b)" {
				if p.asked != nil {
					p.asked <- struct{}{}
					p.asked <- struct{}{}
				}
				return "answer of " + name
			}
			return ""
		},
		Connected: func(*amiserver.Session) bool { return p.down.Load() },
		Contacts: func(endpoint string) []amiserver.Contact {
			if !p.registered.Load() {
				return nil
			}
			return []amiserver.Contact{{URI: "sip:" + endpoint + "@127.0.0.1:5060", UserAgent: "PolycomVVX-VVX_411-UA/5.9.0", Expires: time.Now().Add(time.Hour)}}
		},
		Notified: func(endpoint string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.notified = append(p.notified, endpoint)
		},
	})
	done := make(chan error, 1)
	go func() { done <- p.server.Serve(l) }()
	t.Cleanup(func() {
		p.server.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

// kill ends the connections, and lets none in until boot.
func (p *fakePBX) kill() {
	p.down.Store(true)
	p.server.Drop()
}

func (p *fakePBX) boot() { p.down.Store(false) }

// write gives the Asterisk other users, and tells it to reload.
func (p *fakePBX) write(t *testing.T, users string) {
	t.Helper()
	testkit.Write(t, filepath.Join(p.dir, "asterisk", "users.conf"), users)
	p.server.Reload("All")
}

// severalINI writes the settings of Asterisks: the first is that of [ami].
func severalINI(t *testing.T, stateDir string, all ...*fakePBX) (path string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "[http]\nlisten = 127.0.0.1:0\n[admin]\nlisten = 127.0.0.1:0\n[state]\ndir = %s\n[log]\nlevel = debug\n", stateDir)
	for i, p := range all {
		section, name := " "+p.name, ""
		if i == 0 {
			section, name = "", "name = "+p.name+"\n"
		}
		fmt.Fprintf(&b, "[asterisk%s]\n%sconfig_dir = %s\ndata_dir = %s\n", section, name, filepath.Join(p.dir, "asterisk"), filepath.Join(p.dir, "data"))
		fmt.Fprintf(&b, "[ami%s]\naddress = %s\nsecret = ami-secret\nastdb = yes\n", section, p.addr)
	}
	return testkit.Write(t, filepath.Join(t.TempDir(), "several.ini"), b.String())
}

// severalSite is a service of several Asterisks.
type severalSite struct {
	*testing.T
	*service
	ini  string
	log  *testkit.Log
	stop func()
}

// serveSeveral runs the service until stop is called, or the test ends.
func serveSeveral(t *testing.T, ini string) *severalSite {
	t.Helper()
	s, err := loadSettings(ini, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	site := &severalSite{T: t, ini: ini, log: new(testkit.Log)}
	if site.service, err = newService(s, io.MultiWriter(site.log, secrets.Stream("the log of "+t.Name()))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- site.run(ctx, nil) }()
	site.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(site.log.String())
		}
	})
	t.Cleanup(site.stop)
	return site
}

// get returns the answer of a listener.
func (s *severalSite) get(l net.Listener, path string) (status int, body string) {
	s.Helper()
	res, err := http.Get("http://" + l.Addr().String() + path)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// file returns the answer for a phone's file.
func (s *severalSite) file(name string) string {
	s.Helper()
	status, body := s.get(s.phones, "/phoneprov/"+name)
	return fmt.Sprintf("%d %s", status, strings.TrimSpace(body))
}

// expect waits for the answer for a file.
func (s *severalSite) expect(name, want string) {
	s.Helper()
	testkit.WaitFor(s, func() error {
		if got := s.file(name); got != want {
			return fmt.Errorf("%s: got %q, want %q", name, got, want)
		}
		return nil
	})
}

// shows waits until a path of the admin address shows all parts.
func (s *severalSite) shows(path string, parts ...string) {
	s.Helper()
	testkit.WaitFor(s, func() error {
		if _, body := s.get(s.admin, path); !containsAll(body, parts) {
			return fmt.Errorf("%s: not all of %q in %s", path, parts, body)
		}
		return nil
	})
}

// summary returns /api/v1/status.
func (s *severalSite) summary() (summary admin.Summary) {
	s.Helper()
	_, body := s.get(s.admin, "/api/v1/status")
	if err := json.Unmarshal([]byte(body), &summary); err != nil {
		s.Fatal(err)
	}
	return summary
}

// command runs a command with the service's settings, at its admin address.
func (s *severalSite) command(args ...string) (code int, out string) {
	s.Helper()
	return runCommand(s.T, map[string]string{"PHONEPROV_ADMIN_LISTEN": s.admin.Addr().String()}, append(args[:1:1], append([]string{"-config", s.ini}, args[1:]...)...)...)
}

// wants fails the test unless a text has all parts.
func wants(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: no %q in\n%s", what, part, text)
		}
	}
}

const (
	eastFile = "200 east east East secret-60-6001"
	westFile = "200 west west West secret-60-6001"
)
