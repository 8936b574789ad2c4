package amisync

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// snapshotOf returns a snapshot with n phones.
func snapshotOf(t *testing.T, n int) *provision.Snapshot {
	t.Helper()
	config := provision.Config{}
	astconftest.Read(t, config, config.Files(), map[string]string{"phoneprov.conf": sample["phoneprov.conf"], "users.conf": users(n, "x")})
	snap, _, err := provision.Build(t.Context(), provision.Input{Config: config}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// waitKept waits until a configuration with that many phones is stored.
func waitKept(t *testing.T, dir string, phones int) {
	t.Helper()
	testkit.Eventually(t, fmt.Sprintf("%d phones are kept", phones), func() bool {
		state, err := (&lastgood.Dir{Path: dir}).Load()
		if state == nil || err != nil {
			return false
		}
		snap, _, err := provision.Build(t.Context(), state.Input(provision.Input{}), state.BuiltAt)
		return err == nil && snap.Counts().Phones == phones
	})
}

// deadAddress returns an address where nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// allInputs is a configuration that needs every external input: live endpoints, the version of Asterisk, the address of
// an interface, and an answer in the name of a file.
var allInputs = map[string]string{
	"phoneprov.conf":       "[general]\nserveriface=eth7\n[p]\n${DB(name/${MAC})}.cfg => x.cfg\n",
	"users.conf":           user("6001", "001122334401"),
	"phoneprov_users.conf": user("6002", "001122334402"),
	"pjsip.conf":           "[pp]\ntype=phoneprov\nendpoint=6009\nMAC=001122334409\nPROFILE=p\n",
	"pjsip_wizard.conf":    "[6009]\ntype=wizard\ninbound_auth/username=u9\ninbound_auth/password=very-secret-9\naccepts_auth=yes\n",
}

func uris(s *provision.Snapshot) string {
	var names []string
	for _, r := range s.Routes() {
		names = append(names, r.URI)
	}
	return strings.Join(names, " ")
}

// If Asterisk is down at the start, phones get the same files as before, until the first successful sync.
func TestAsteriskDownAtStart(t *testing.T) {
	dir := amitest.Files(t, allInputs)
	kept := t.TempDir()
	database := map[string]string{"name/001122334402": "two", "name/001122334409": "nine"}
	interfaces := func(name string) (netip.Addr, error) { return netip.MustParseAddr("192.0.2.77"), nil }
	_, address := amitest.StartDir(t, dir, amiserver.Options{Version: "23.0.0", Database: database})
	r := start(t, Options{Address: address, Kept: &lastgood.Dir{Path: kept}, Interfaces: interfaces})
	r.waitPhones(t, 2)
	before := r.store.Load()
	if got := uris(before); got != "two.cfg nine.cfg" {
		t.Fatalf("got %s", got)
	}
	waitKept(t, kept, 2)
	r.stop()

	l, err := net.Listen("tcp", deadAddress(t))
	if err != nil {
		t.Fatalf("the port is taken: %v", err)
	}
	address = l.Addr().String()
	l.Close()
	r = start(t, Options{Address: address, Kept: &lastgood.Dir{Path: kept},
		Interfaces: func(string) (netip.Addr, error) { return netip.Addr{}, errors.New("it is down too") }})
	r.waitPhones(t, 2)
	restored := r.store.Load()
	if c := provision.Compare(before, restored); c.Added+c.Changed+c.Removed != 0 || uris(restored) != uris(before) || restored.Generation != 1 {
		t.Errorf("got %+v, %s, generation %d", c, uris(restored), restored.Generation)
	}
	st := r.Status()
	if st.Restored.IsZero() || st.Restored != restored.SavedAt || restored.SavedAt.Before(restored.BuiltAt) || !restored.BuiltAt.Equal(before.BuiltAt) ||
		st.Syncs != 0 || !strings.Contains(st.LastError, "connection refused") {
		t.Errorf("got %+v", st)
	}
	if _, err := r.Ask(t.Context(), "DB(name/001122334402)"); !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("a function was answered without Asterisk: %v", err)
	}
	const line = `"source":"last good","saved_at":`
	testkit.Eventually(t, "the log", func() bool { return strings.Contains(r.log.String(), line) })

	l, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("the port is taken: %v", err)
	}
	amitest.StartOn(t, l, dir, amiserver.Options{Version: "23.0.0", Database: database})
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > 0 })
	if st := r.Status(); !st.Restored.IsZero() || st.LastSync.Counts.Phones != 2 || st.LastSync.Changes.Added != 0 || st.LastSync.Changes.Removed != 0 {
		t.Errorf("got %+v", st)
	}
	if n := strings.Count(r.log.String(), line); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
}

// If Asterisk answers at the start, phones never get an outdated file.
func TestKeptIsNotServedWhereAsteriskAnswers(t *testing.T) {
	t.Parallel()
	dir, kept := amitest.Files(t, twentyPhones()), t.TempDir()
	_, address := amitest.StartDir(t, dir, amiserver.Options{})
	r := start(t, Options{Address: address, Kept: &lastgood.Dir{Path: kept}})
	r.waitPhones(t, 20)
	waitKept(t, kept, 20)
	r.stop()
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(19, "other")+user("new", "001122339999"))
	r = start(t, Options{Address: address, Kept: &lastgood.Dir{Path: kept}, Timing: Timing{Restore: time.Hour}})
	testkit.Eventually(t, "a snapshot", func() bool { return r.store.Load() != nil })
	if s := r.store.Load(); !s.SavedAt.IsZero() || s.Generation != 1 {
		t.Errorf("got a restored snapshot, of generation %d", s.Generation)
	}
	testkit.Eventually(t, "the sync", func() bool { return r.Status().Syncs == 1 })
	if c := r.Status().LastSync.Changes; c.Added != 1 || c.Removed != 1 || c.Changed != 19 {
		t.Errorf("got %+v: what changed while we were down", c)
	}
	waitKept(t, kept, 20)
}

// An Asterisk that accepts connections and stays silent counts as down: the stored configuration is served before the
// read's deadline.
func TestSilentAsteriskAtStart(t *testing.T) {
	t.Parallel()
	dir, kept := amitest.Files(t, twentyPhones()), t.TempDir()
	var silent atomic.Bool
	_, address := amitest.StartDir(t, dir, amiserver.Options{Intercept: func(*amiserver.Session, amiserver.Message) bool { return silent.Load() }})
	r := start(t, Options{Address: address, Kept: &lastgood.Dir{Path: kept}})
	r.waitPhones(t, 20)
	waitKept(t, kept, 20)
	r.stop()
	silent.Store(true)
	r = start(t, Options{Address: address, Kept: &lastgood.Dir{Path: kept}, Timing: Timing{Connect: time.Hour, Sync: time.Hour}})
	r.waitPhones(t, 20)
	if st := r.Status(); st.Restored.IsZero() || st.Syncs != 0 {
		t.Errorf("got %+v", st)
	}
}

// With files: if they cannot be read at the start, the stored configuration is served. If they can, Asterisk is not
// needed.
func TestFilesBrokenAtStart(t *testing.T) {
	t.Parallel()
	dir, kept := amitest.Files(t, twentyPhones()), t.TempDir()
	o := func() Options {
		return Options{Source: SourceFiles, ConfigDir: dir, Kept: &lastgood.Dir{Path: kept},
			Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond, Restore: time.Hour, RetryMin: time.Millisecond, RetryMax: 20 * time.Millisecond}}
	}
	r := start(t, o())
	r.waitPhones(t, 20)
	waitKept(t, kept, 20)
	r.stop()
	for name, text := range map[string]string{"users.conf": "x=1\n", "phoneprov.conf": ""} {
		good, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, filepath.Join(dir, name), text)
		if text == "" {
			removeFile(t, filepath.Join(dir, name))
		}
		r = start(t, o())
		r.waitPhones(t, 20)
		testkit.Eventually(t, "the reason", func() bool {
			return strings.HasPrefix(r.Status().LastError, name) || strings.Contains(r.Status().LastError, name+" is gone")
		})
		if r.Status().Restored.IsZero() {
			t.Error("it is not said that it was restored")
		}
		testkit.Write(t, filepath.Join(dir, name), string(good))
		testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > 0 && r.Status().Restored.IsZero() })
		r.stop()
	}
}

// With files and a dead AMI, the live endpoints are the stored ones: the first sync of the files does not lose them.
func TestFilesWithAMIDownAfterRestart(t *testing.T) {
	files := with(allInputs, "phoneprov.conf", sample["phoneprov.conf"])
	delete(files, "pjsip_wizard.conf")
	dir, kept := amitest.Files(t, files), t.TempDir()
	asterisk := amitest.Files(t, with(files, "pjsip_wizard.conf", allInputs["pjsip_wizard.conf"])) // the endpoint is in a database, for example
	_, address := amitest.StartDir(t, asterisk, amiserver.Options{Version: "23.0.0"})
	o := Options{Source: SourceFiles, ConfigDir: dir, Address: address, Kept: &lastgood.Dir{Path: kept}, Timing: Timing{Settle: time.Millisecond}}
	r := start(t, o)
	testkit.Eventually(t, "the live endpoint", func() bool {
		return r.Status().Connected && r.store.Load() != nil && r.store.Load().Phone("001122334409") != nil
	})
	waitKept(t, kept, 2)
	r.stop()
	o.Address, o.Kept = deadAddress(t), &lastgood.Dir{Path: kept}
	r = start(t, o)
	testkit.Eventually(t, "a sync of the files", func() bool { return r.Status().Syncs > 0 })
	s := r.store.Load()
	if !s.SavedAt.IsZero() || s.Phone("001122334409") == nil || s.Phone("001122334402") == nil || s.Phone("001122334401") != nil {
		t.Errorf("got %s: want the phone of the live endpoint, and that of asterisk 23's users file", uris(s))
	}
}

// failing is a Kept that can be neither read nor written.
type failing struct {
	Kept
	err atomic.Pointer[error]
}

func (f *failing) Save(s *lastgood.State) (bool, error) {
	if err := f.err.Load(); err != nil {
		return false, *err
	}
	return f.Kept.Save(s)
}

// A failed save is logged once and stops nothing. It is tried again, even if nothing changes.
func TestKeepingFails(t *testing.T) {
	dir, path := amitest.Files(t, twentyPhones()), t.TempDir()
	full := errors.New("no space left on device")
	kept := &failing{Kept: &lastgood.Dir{Path: path}}
	kept.err.Store(&full)
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Kept: kept, Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond}})
	r.waitPhones(t, 20)
	testkit.Eventually(t, "the reason", func() bool { return r.Status().NotKept == full.Error() })
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(19, "x"))
	r.waitPhones(t, 19)
	testkit.Eventually(t, "two syncs", func() bool { return r.Status().Syncs >= 2 })
	if n := strings.Count(r.log.String(), "what is served cannot be kept"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	kept.err.Store(nil)
	r.Trigger("test")
	waitKept(t, path, 19)
	testkit.Eventually(t, "no reason", func() bool { return r.Status().NotKept == "" })
}

// A damaged file is logged, and the older one is served. If neither can be used, the service still runs.
func TestBrokenLastGood(t *testing.T) {
	dir, kept := amitest.Files(t, twentyPhones()), t.TempDir()
	o := Options{Source: SourceFiles, ConfigDir: dir, Kept: &lastgood.Dir{Path: kept}, Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond}}
	r := start(t, o)
	r.waitPhones(t, 20)
	waitKept(t, kept, 20)
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(19, "x"))
	waitKept(t, kept, 19)
	r.stop()
	names, err := filepath.Glob(filepath.Join(kept, "last-good-?"))
	if err != nil || len(names) != 2 {
		t.Fatalf("got %v, %v", names, err)
	}
	if err := os.Truncate(names[1], 1000); err != nil { // the newer one
		t.Fatal(err)
	}
	o.Address, o.Source, o.Kept = deadAddress(t), SourceAMI, &lastgood.Dir{Path: kept}
	r = start(t, o)
	r.waitPhones(t, 20)
	testkit.Eventually(t, "the log", func() bool {
		return strings.Contains(r.log.String(), `"error":"last-good-2: it is not whole","older":true,"message":"the last good configuration that was kept does not count"`)
	})
	r.stop()
	if err := os.Truncate(names[0], 10); err != nil {
		t.Fatal(err)
	}
	r = start(t, o)
	testkit.Eventually(t, "the log", func() bool { return strings.Contains(r.log.String(), `"older":false`) })
	if s := r.store.Load(); s != nil {
		t.Errorf("got a snapshot of %d phones", s.Counts().Phones)
	}
}

// If Asterisk sends this account FullyBooted, a sync waits for it after a restart too, and phones get no answer of a
// booting Asterisk.
func TestBootingAsteriskAfterRestart(t *testing.T) {
	t.Parallel()
	dir, kept := amitest.Files(t, twentyPhones()), t.TempDir()
	var booting atomic.Bool
	server, address := amitest.StartDir(t, dir, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		if m["Action"] == "Login" && booting.Load() {
			s.Accept(m)
			return true
		}
		return false
	}})
	o := Options{Address: address, Kept: &lastgood.Dir{Path: kept}, Timing: Timing{FirstBoot: 500 * time.Millisecond, Boot: 500 * time.Millisecond, Restore: time.Millisecond}}
	r := start(t, o)
	r.waitPhones(t, 20)
	waitKept(t, kept, 20)
	r.stop()
	booting.Store(true)
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(18, "x")) // its answer before it has loaded everything
	o.Kept = &lastgood.Dir{Path: kept}
	r = start(t, o)
	testkit.Eventually(t, "that it is waited for", func() bool { return strings.Contains(r.log.String(), "waiting for asterisk to boot") })
	r.waitPhones(t, 20)
	if n := r.Status().Syncs; n != 0 {
		t.Errorf("%d syncs of an Asterisk that has not booted", n)
	}
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(20, "x"))
	server.Event("Event", "FullyBooted")
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > 0 })
}

// The keeper's knowledge survives a restart. An endpoint of a database is served while the database is away; an
// endpoint that was once in a file is not.
func TestKeeperIsRestored(t *testing.T) {
	config := provision.Config{"pjsip.conf": fileOf(t, `[pp]
type=phoneprov
endpoint=db
MAC=001122334409
PROFILE=p
[pq]
type=phoneprov
endpoint=was
MAC=001122334408
PROFILE=p
`)}
	live := func() *provision.Live {
		return &provision.Live{Endpoints: map[string]provision.Endpoint{"db": {ID: "db", AuthID: "db"}, "was": {ID: "was", AuthID: "was"}}}
	}
	var k keeper
	k.fill(live(), map[string]bool{}, provision.Config{"pjsip.conf": config["pjsip.conf"], "pjsip_wizard.conf": fileOf(t, "[was]\ntype=wizard\n")})
	k.fill(live(), map[string]bool{}, config) // the file was edited, and Asterisk did not reload
	var text strings.Builder
	if err := lastgood.Encode(&text, &lastgood.State{Config: config, Live: k.last, Filed: k.onlyOnceFiled(config)}); err != nil {
		t.Fatal(err)
	}
	state, err := lastgood.Decode(text.String())
	if err != nil {
		t.Fatal(err)
	}
	var after keeper
	after.restore(state)
	now := &provision.Live{Endpoints: map[string]provision.Endpoint{}}
	after.fill(now, map[string]bool{}, config)
	if _, ok := now.Endpoints["db"]; !ok {
		t.Error("the endpoint of the database is gone")
	}
	if _, ok := now.Endpoints["was"]; ok {
		t.Error("the endpoint that was deleted from a file is served on")
	}
}

func fileOf(t *testing.T, text string) *astconf.File {
	t.Helper()
	loader := astconf.Loader{Dir: amitest.Files(t, map[string]string{"x.conf": text})}
	file, err := loader.Load("x.conf")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// A Service for Once neither restores nor saves.
func TestOnceKeepsNothing(t *testing.T) {
	t.Parallel()
	kept := t.TempDir()
	s, err := New(Options{Source: SourceFiles, ConfigDir: amitest.Files(t, twentyPhones()), Kept: &lastgood.Dir{Path: kept}, Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if snap, _, err := s.Once(context.Background()); err != nil || snap.Counts().Phones != 20 {
		t.Errorf("got %v", err)
	}
	if names, _ := os.ReadDir(kept); len(names) != 0 {
		t.Errorf("got %v", names)
	}
}
