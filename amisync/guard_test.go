package amisync

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// guarded is a Service with a bound on losses. It reads from one of the sources.
type guarded struct {
	*running
	dir    string
	server *amiserver.Server // nil: files
}

// guardSources are the ways to read the configuration.
var guardSources = [...]string{SourceAMI, SourceFiles}

func startGuarded(t *testing.T, source string, files map[string]string, kept Kept) *guarded {
	t.Helper()
	g := &guarded{dir: amitest.Files(t, files)}
	g.start(t, source, kept)
	return g
}

// start starts the service with the existing files.
func (g *guarded) start(t *testing.T, source string, kept Kept) {
	t.Helper()
	o := Options{Source: source, MaxLoss: 50, Kept: kept, ConfigDir: g.dir,
		Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond, RetryMin: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond}}
	if source == SourceAMI {
		g.server, o.Address = amitest.StartDir(t, g.dir, amiserver.Options{})
	}
	g.running = start(t, o)
}

// write changes a file and tells the service as Asterisk does.
func (g *guarded) write(t *testing.T, name, text string) {
	t.Helper()
	testkit.Write(t, filepath.Join(g.dir, name), text)
	if g.server != nil {
		g.server.Reload("All")
	}
}

// waitHeld waits until a loss of that many phones is held.
func (g *guarded) waitHeld(t *testing.T, lost int) *provision.Held {
	t.Helper()
	testkit.Eventually(t, fmt.Sprintf("a loss of %d is held", lost), func() bool { h := g.Status().Held; return h != nil && h.Lost == lost })
	return g.Status().Held
}

func twentyPhones() map[string]string {
	return map[string]string{"phoneprov.conf": sample["phoneprov.conf"], "users.conf": users(20, "x")}
}

// A change that removes most phones is held, over files and over AMI. It is applied once it no longer removes them.
func TestMassLossIsHeld(t *testing.T) {
	t.Parallel()
	const profile = "[general]\nserveraddr=192.0.2.1\n[p]\n"
	tests := []struct {
		name, file, text string
		lost             int
	}{
		{"a users.conf that is cut", "users.conf", users(20, "x")[:len(users(3, "x"))+40], 17},
		{"an empty users.conf", "users.conf", "", 20},
		{"an empty phoneprov.conf", "phoneprov.conf", "", 20},
		{"a phoneprov.conf that is cut before the profile", "phoneprov.conf", profile[:len(profile)-4], 20},
		{"a phoneprov.conf that is cut before the files", "phoneprov.conf", profile, 20},
		{"another name of the profile", "phoneprov.conf", strings.Replace(sample["phoneprov.conf"], "[p]", "[q]", 1), 20},
	}
	for _, source := range guardSources {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					files := twentyPhones()
					g := startGuarded(t, source, files, nil)
					g.waitPhones(t, 20)
					routes := g.store.Load().Counts().Routes
					g.write(t, tt.file, tt.text)
					h := g.waitHeld(t, tt.lost)
					if h.Before != 20 || len(h.Phones) != tt.lost || h.Since.IsZero() || h.Trigger == "" || h.ID == "" ||
						!strings.HasPrefix(h.Reason, fmt.Sprintf("the configuration as it is now takes away %d of 20 phones (0011223300", tt.lost)) {
						t.Errorf("got %+v", h)
					}
					retried := g.Status().Syncs
					for range 3 { // the service reads again and again
						g.Trigger("test")
					}
					testkit.Eventually(t, "the log", func() bool { return strings.Contains(g.log.String(), "a change is held and not applied") })
					if st := g.Status(); g.store.Load().Counts().Routes != routes || st.Syncs != retried || st.LastError != "" {
						t.Errorf("got %+v", st)
					}
					g.write(t, tt.file, strings.ReplaceAll(files[tt.file], "fullname=x", "fullname=y"))
					testkit.Eventually(t, "nothing held", func() bool { return g.Status().Held == nil })
					g.waitPhones(t, 20)
					testkit.Eventually(t, "the log", func() bool { return strings.Contains(g.log.String(), "no change is held any more") })
					if n := strings.Count(g.log.String(), "a change is held and not applied"); n != 1 {
						t.Errorf("it was logged %d times", n)
					}
				})
			}
		})
	}
}

// A loss is held if it exceeds the bound and is at least five phones.
func TestGuardBound(t *testing.T) {
	t.Parallel()
	tests := []struct{ before, after, maxLoss, held int }{
		{20, 10, 50, 0},
		{20, 9, 50, 11},
		{4, 0, 50, 0}, // a handful
		{5, 0, 50, 5},
		{9, 4, 50, 5},
		{10, 5, 50, 0},
		{20, 14, 10, 6},
		{20, 16, 10, 0}, // 20 %, but four
		{20, 0, 0, 0},   // no bound
		{20, 0, 100, 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d to %d with %d", tt.before, tt.after, tt.maxLoss), func(t *testing.T) {
			dir := amitest.Files(t, map[string]string{"phoneprov.conf": sample["phoneprov.conf"], "users.conf": users(tt.before, "x")})
			r := start(t, Options{Source: SourceFiles, ConfigDir: dir, MaxLoss: tt.maxLoss, Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond}})
			r.waitPhones(t, tt.before)
			testkit.Write(t, filepath.Join(dir, "users.conf"), users(tt.after, "x"))
			if tt.held == 0 {
				r.waitPhones(t, tt.after)
				if h := r.Held(); h != nil {
					t.Errorf("got %+v", h)
				}
				return
			}
			testkit.Eventually(t, "held", func() bool { return r.Held() != nil })
			if h := r.Held(); h.Lost != tt.held || h.After != tt.after || r.store.Load().Counts().Phones != tt.before {
				t.Errorf("got %+v", h)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	for _, source := range guardSources {
		t.Run(source, func(t *testing.T) {
			g := startGuarded(t, source, twentyPhones(), nil)
			g.waitPhones(t, 20)
			if _, err := g.Confirm("", "test"); !errors.Is(err, provision.ErrNothingHeld) {
				t.Errorf("got %v", err)
			}
			g.write(t, "users.conf", users(3, "x"))
			first := g.waitHeld(t, 17)
			g.write(t, "users.conf", users(2, "x"))
			second := g.waitHeld(t, 18)
			if _, err := g.Confirm(first.ID, "test"); !errors.Is(err, provision.ErrOtherHeld) {
				t.Errorf("got %v", err)
			}
			h, err := g.Confirm(second.ID, "test")
			if err != nil || h.Lost != 18 {
				t.Errorf("got %+v, %v", h, err)
			}
			g.waitPhones(t, 2)
			testkit.Eventually(t, "nothing held", func() bool { return g.Status().Held == nil })
			if _, err := g.Confirm("", "test"); !errors.Is(err, provision.ErrNothingHeld) {
				t.Errorf("got %v", err)
			}
			// An earlier confirmation does not cover a later loss.
			g.write(t, "users.conf", users(20, "x"))
			g.waitPhones(t, 20)
			g.write(t, "users.conf", users(2, "x"))
			g.waitHeld(t, 18)
		})
	}
}

// A confirmation covers the loss that the admin has seen, and no worse one.
func TestConfirmOfWhatWasSeen(t *testing.T) {
	g := guard{maxLoss: 50}
	if _, err := g.confirm(""); !errors.Is(err, provision.ErrNothingHeld) {
		t.Errorf("got %v", err)
	}
	served, cut, gone := snapshotOf(t, 20), snapshotOf(t, 3), snapshotOf(t, 0)
	if h, news := g.check("a", served, cut); h == nil || !news {
		t.Fatalf("got %+v, %v", h, news)
	}
	if h, news := g.check("b", served, cut); h == nil || news || h.Trigger != "a" {
		t.Errorf("got %+v, %v of the same", h, news)
	}
	if _, err := g.confirm(""); err != nil {
		t.Fatal(err)
	}
	if h, news := g.check("c", served, gone); h == nil || !news || h.Lost != 20 {
		t.Errorf("got %+v, %v: a worse loss was confirmed by the one before", h, news)
	}
	if h, _ := g.check("d", served, cut); h == nil {
		t.Error("the confirmation outlived another loss")
	}
	if _, err := g.confirm(g.now().ID); err != nil {
		t.Fatal(err)
	}
	if h, _ := g.check("e", served, cut); h != nil {
		t.Errorf("got %+v of what was confirmed", h)
	}
}

// The Asterisk CLI confirms with a Reload event of a module that Asterisk does not find.
func TestConfirmFromCLI(t *testing.T) {
	g := startGuarded(t, SourceAMI, twentyPhones(), nil)
	g.waitPhones(t, 20)
	reload := func(module string) {
		g.server.Event("Event", "Reload", "Privilege", "system,all", "Module", module, "Status", "2")
	}
	reload("phoneprov-confirm")
	testkit.Eventually(t, "the answer", func() bool {
		return strings.Contains(g.log.String(), `"error":"nothing is held","message":"phoneprov confirm at the Asterisk CLI does nothing"`)
	})
	g.write(t, "users.conf", "")
	g.waitHeld(t, 20)
	reload("phoneprov-confirm-not") // an ordinary reload
	reload("phoneprov-confirm")
	g.waitPhones(t, 0)
	testkit.Eventually(t, "the log", func() bool {
		return strings.Contains(g.log.String(), `"by":"Asterisk CLI","lost":20,"of":20,"message":"the change that is held was confirmed"`)
	})
}

// A mass loss while phoneprov is down is held too.
func TestMassLossAfterRestart(t *testing.T) {
	t.Parallel()
	for _, source := range guardSources {
		t.Run(source, func(t *testing.T) {
			dir := t.TempDir()
			g := startGuarded(t, source, twentyPhones(), &lastgood.Dir{Path: dir})
			g.waitPhones(t, 20)
			waitKept(t, dir, 20)
			g.stop()
			testkit.Write(t, filepath.Join(g.dir, "users.conf"), users(3, "x"))
			g.start(t, source, &lastgood.Dir{Path: dir})
			h := g.waitHeld(t, 17)
			g.waitPhones(t, 20)
			if st := g.Status(); st.Restored.IsZero() || st.Syncs != 0 {
				t.Errorf("got %+v", st)
			}
			g.stop()
			g.start(t, source, &lastgood.Dir{Path: dir})
			if again := g.waitHeld(t, 17); again.ID != h.ID {
				t.Errorf("the same loss has the IDs %s and %s", h.ID, again.ID)
			}
			if _, err := g.Confirm(h.ID, "test"); err != nil {
				t.Error(err)
			}
			g.waitPhones(t, 3)
			waitKept(t, dir, 3)
			if st := g.Status(); !st.Restored.IsZero() {
				t.Errorf("got %+v", st)
			}
		})
	}
}

// The loss of one phone of twenty is not held.
func TestOneLostPhone(t *testing.T) {
	dir := amitest.Files(t, twentyPhones())
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond}})
	r.waitPhones(t, 20)
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(19, "x"))
	r.waitPhones(t, 19)
	const want = `"phones":["001122330019"],"message":"1 phone is gone from the configuration and gets no file any more: `
	testkit.Eventually(t, "the warning", func() bool { return strings.Contains(r.log.String(), want) })
}
