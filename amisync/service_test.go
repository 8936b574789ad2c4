package amisync

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

var sample = map[string]string{
	"phoneprov.conf": "[general]\nserveraddr=192.0.2.1\n[p]\n${MAC}.cfg => x.cfg\n",
	"users.conf": `[general]
[6001]
autoprov=yes
macaddress=001122334455
profile=p
username=6001
secret=very-secret-1
`,
}

// running is a Service with its store, log and end.
type running struct {
	*Service
	store *provision.Store
	log   *testkit.Log
	stop  func() // ends it; the test does so too
}

func start(t testing.TB, o Options) *running {
	t.Helper()
	r := &running{store: new(provision.Store), log: new(testkit.Log)}
	o.Store, o.Log = r.store, testLog(r.log)
	if o.Address != "" && o.Username == "" {
		o.Username, o.Secret = testUser, testSecret
	}
	if o.Timing.ReconnectMax == 0 {
		o.Timing.ReconnectMin, o.Timing.ReconnectMax, o.Timing.LoginRetry = 10*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Service = s
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run did not end")
		}
		secrets.Text("the status", fmt.Sprintf("%+v", r.Status()))
	})
	t.Cleanup(r.stop)
	return r
}

func (r *running) waitPhones(t testing.TB, want int) {
	t.Helper()
	testkit.Eventually(t, fmt.Sprintf("%d phones", want), func() bool {
		s := r.store.Load()
		return s != nil && s.Counts().Phones == want
	})
}

func user(name, mac string) string {
	return fmt.Sprintf(`[%s]
autoprov=yes
macaddress=%s
profile=p
username=%s
secret=very-secret
`, name, mac, name)
}

func with(files map[string]string, name, text string) map[string]string {
	files = maps.Clone(files)
	files[name] = text
	return files
}

func TestSyncOverAMI(t *testing.T) {
	server, address := fake(t, sample, amiserver.Options{})
	r := start(t, Options{Address: address})
	r.waitPhones(t, 1)
	testkit.Eventually(t, "version", func() bool { return r.Status().AsteriskVersion == amiserver.DefaultVersion })
	st := r.Status()
	if !st.Connected || st.LastError != "" || st.LastSync.Counts.Lines != 1 || st.LastSync.Changes.Added != 1 {
		t.Errorf("got %+v", st)
	}
	for _, module := range []string{"All", "res_phoneprov.so", "phoneprov"} {
		before := r.Status().Syncs
		server.Reload(module)
		testkit.Eventually(t, "sync after reload of "+module, func() bool { return r.Status().Syncs > before })
	}
	before := r.Status().Syncs
	server.Reload("cdr")
	r.Trigger("SIGHUP")
	testkit.Eventually(t, "sync", func() bool { return r.Status().Syncs > before })
	if got := r.Status().LastSync.Trigger; got != "SIGHUP" {
		t.Errorf("got %q, want SIGHUP", got)
	}
}

// Asterisk's version is asked for once per connection, and not in each sync.
func TestVersionIsAskedOncePerConnection(t *testing.T) {
	var asked atomic.Int32
	_, address := fake(t, sample, amiserver.Options{Intercept: func(_ *amiserver.Session, m amiserver.Message) bool {
		if m["Action"] == "CoreSettings" {
			asked.Add(1)
		}
		return false
	}})
	r := start(t, Options{Address: address})
	r.waitPhones(t, 1)
	for range 3 {
		syncs := r.Status().Syncs
		r.Trigger("test")
		testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > syncs })
	}
	if n, version := asked.Load(), r.Status().AsteriskVersion; n != 1 || version != amiserver.DefaultVersion {
		t.Errorf("asked %d times, version %q", n, version)
	}
}

func TestLastGoodStays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault func(*amiserver.Session, amiserver.Message) bool
		want  string
	}{
		{"silent", only("GetConfig", func(*amiserver.Session, amiserver.Message) {}),
			"read the configuration: phoneprov.conf: GetConfig: asterisk did not answer in time"},
		{"half", only("GetConfig", func(s *amiserver.Session, m amiserver.Message) {
			s.Raw("Response: Success\r\nActionID: " + m["ActionID"] + "\r\nCategory-000000: general\r\n")
			s.Close()
		}), "read the configuration: phoneprov.conf: asterisk closed the connection in the middle of a message"},
		{"a line left out", only("GetConfig", func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Success", "ActionID", m["ActionID"], "Category-000000", "a", "Line-000000-000001", "a=b")
		}), `read the configuration: phoneprov.conf: asterisk's answer is not whole: line 0 of category "a" is missing`},
		{"broken file", only("GetConfig", func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Config file has invalid format")
		}), "read the configuration: phoneprov.conf: asterisk cannot parse this file: its own log says why"},
		{"denied", only("GetConfig", func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Permission denied")
		}), `read the configuration: phoneprov.conf: asterisk does not permit GetConfig to user "phoneprov": see its write= in manager.conf`},
		{"refused login", only("Login", func(s *amiserver.Session, m amiserver.Message) {
			s.Send("Response", "Error", "Message", "Authentication failed")
			s.Close()
		}), `asterisk refused the login of user "phoneprov": Authentication failed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var fault atomic.Pointer[func(*amiserver.Session, amiserver.Message) bool]
			server, address := fake(t, sample, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
				f := fault.Load()
				return f != nil && (*f)(s, m)
			}})
			set := func(f func(*amiserver.Session, amiserver.Message) bool) { fault.Store(&f) }
			r := start(t, Options{Address: address, Timing: Timing{Sync: 300 * time.Millisecond}})
			r.waitPhones(t, 1)
			set(tt.fault)
			server.Reload("All")
			if tt.name == "refused login" {
				server.Drop()
			}
			testkit.Eventually(t, "the reason", func() bool {
				return strings.Contains(r.Status().LastError, tt.want) || strings.Contains(r.log.String(), jsonText(tt.want))
			})
			if r.store.Load().Counts().Phones != 1 {
				t.Error("the last good snapshot is gone")
			}
			set(func(*amiserver.Session, amiserver.Message) bool { return false })
			before := r.Status().Syncs
			testkit.Eventually(t, "recovery", func() bool { return r.Status().Syncs > before && r.Status().LastError == "" })
		})
	}
}

func jsonText(s string) string { return strings.ReplaceAll(s, `"`, `\"`) }

func only(action string, f func(*amiserver.Session, amiserver.Message)) func(*amiserver.Session, amiserver.Message) bool {
	return func(s *amiserver.Session, m amiserver.Message) bool {
		if m["Action"] != action {
			return false
		}
		f(s, m)
		return true
	}
}

// amigo reports a refused login and an unreachable host in the same way, every second.
func TestAmigoConnectErrorsLoggedOnce(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	_, address := fake(t, nil, amiserver.Options{Intercept: func(s *amiserver.Session, _ amiserver.Message) bool {
		tries.Add(1)
		s.Send("Response", "Error", "Message", "Authentication failed")
		s.Close()
		return true
	}})
	r := start(t, Options{Address: address})
	testkit.Eventually(t, "five attempts", func() bool { return tries.Load() >= 5 })
	want := `asterisk refused the login of user "phoneprov": Authentication failed`
	if got := r.Status().LastError; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := strings.Count(r.log.String(), "refused the login"); n != 1 {
		t.Errorf("logged %d times: %s", n, r.log.String())
	}
	if _, _, err := r.Once(testkit.Within(t, testkit.Patience)); err == nil || err.Error() != "read the configuration: "+want {
		t.Errorf("got %v", err)
	}
}

// An Asterisk that is starting answers as if it had no endpoints, until it says FullyBooted.
func TestBootingAsteriskIsWaitedFor(t *testing.T) {
	var booting atomic.Bool
	files := with(sample, "pjsip.conf", "[pp]\ntype=phoneprov\nendpoint=6009\nMAC=001122334499\nPROFILE=p\n"+
		`[6009]
type=endpoint
auth=a
[a]
type=auth
username=x
password=y
`)
	server, address := fake(t, files, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		switch {
		case booting.Load() && m["Action"] == "Login":
			s.Accept(m)
			return true
		case booting.Load() && strings.HasPrefix(m["Action"], "PJSIP"):
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Invalid/unknown command: x")
			return true
		}
		return false
	}})
	r := start(t, Options{Address: address})
	r.waitPhones(t, 2)
	booting.Store(true)
	server.Drop()
	testkit.Eventually(t, "the loss", func() bool { return !r.Status().Connected })
	testkit.Eventually(t, "the connection", func() bool { return r.Status().Connected })
	r.Trigger("SIGHUP")
	testkit.Eventually(t, "a sync that fails", func() bool {
		return r.Status().LastError == "read the configuration: asterisk has not said yet that it is fully booted"
	})
	before := r.Status().Syncs
	booting.Store(false)
	server.Event("Event", "FullyBooted", "Status", "Fully Booted")
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > before })
	if n := r.store.Load().Counts().Phones; n != 2 {
		t.Errorf("%d phones", n)
	}
}

// Without read=system there are no events, not even FullyBooted.
func TestNoEvents(t *testing.T) {
	_, address := fake(t, sample, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		if m["Action"] == "Login" {
			s.Accept(m)
		}
		return m["Action"] == "Login"
	}})
	r := start(t, Options{Address: address, Timing: Timing{FirstBoot: 50 * time.Millisecond}})
	r.waitPhones(t, 1)
	if !strings.Contains(r.log.String(), "see its read= in manager.conf") {
		t.Errorf("got %s", r.log.String())
	}
}

func TestReconnect(t *testing.T) {
	t.Parallel()
	server, address := fake(t, sample, amiserver.Options{})
	r := start(t, Options{Address: address})
	for range 5 {
		r.waitPhones(t, 1)
		before := r.Status().Syncs
		server.Drop()
		testkit.Eventually(t, "a sync after the reconnect", func() bool { return r.Status().Syncs > before })
	}
	if !strings.Contains(r.log.String(), `"error":"asterisk closed the connection"`) {
		t.Errorf("got %s", r.log.String())
	}
}

// Diagnostics are logged when they are new, not at every sync.
func TestDiagnosticsLoggedOnce(t *testing.T) {
	log := new(testkit.Log)
	r := newReport(testLog(log))
	d := func(n int) (all []provision.Diagnostic) {
		for i := range n {
			all = append(all, provision.Diagnostic{Severity: provision.Warning, Message: fmt.Sprintf("diagnostic %d.", i)})
		}
		return append(all, provision.Diagnostic{Message: "info"})
	}
	for range 3 {
		r.synced(Sync{}, d(2), nil)
	}
	r.synced(Sync{}, d(1), nil)
	r.synced(Sync{}, d(2), nil)
	if n := strings.Count(log.String(), "diagnostic 0."); n != 1 {
		t.Errorf("one that stays was logged %d times", n)
	}
	if n := strings.Count(log.String(), "diagnostic 1."); n != 2 {
		t.Errorf("one that came back was logged %d times", n)
	}
	if st := r.read(); st.LastSync.Warnings != 2 || st.Syncs != 5 {
		t.Errorf("got %+v", st)
	}
	r.synced(Sync{}, d(maxLogged+50), nil)
	if !strings.Contains(log.String(), `"more":`) || strings.Contains(log.String(), fmt.Sprintf("diagnostic %d.", maxLogged+10)) {
		t.Error("the log is not bounded")
	}
}
