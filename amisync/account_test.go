package amisync

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// accountFiles are the sample files with an account that reads these classes of events.
func accountFiles(read string) map[string]string {
	return with(sample, "manager.conf", "[general]\nenabled=yes\n["+testUser+"]\nsecret="+testSecret+"\nread="+read+"\nwrite=system,reporting\n")
}

// listing answers ListCommands with these actions.
func listing(actions ...string) func(*amiserver.Session, amiserver.Message) bool {
	return only("ListCommands", func(s *amiserver.Session, m amiserver.Message) {
		fields := []string{"Response", "Success", "ActionID", m["ActionID"]}
		for _, a := range actions {
			fields = append(fields, a, "what it does (Priv: x,all)")
		}
		s.Send(fields...)
	})
}

// A missing right is logged once, and is in the status and in what check prints. No secret is.
func TestMissingRightsAreSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, read string
		actions    []string
		want       []string
	}{
		{"none", "system,call", []string{"DBPut", "Getvar"}, nil},
		{"all", " ALL ", []string{"DBPut", "Getvar"}, nil},
		{"write reporting", "call, system", []string{"DBPut"}, []string{"lacks write = reporting in manager.conf: functions"}},
		{"write system, read call", "system", []string{"Getvar"}, []string{"lacks write = system in manager.conf: the configuration", "lacks read = call in manager.conf: the states"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, address := fake(t, accountFiles(tt.read), amiserver.Options{Intercept: listing(tt.actions...)})
			r := start(t, Options{Address: address})
			r.waitPhones(t, 1)
			before := r.Status().Syncs
			server.Drop()
			testkit.Eventually(t, "a sync after the reconnect", func() bool { return r.Status().Syncs > before })
			got := r.Status().MissingRights
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			_, found, err := r.Once(within(t, testkit.Patience))
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i], `user "phoneprov" `+want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
				if n := strings.Count(r.log.String(), jsonText(want)); n != 1 {
					t.Errorf("%q was logged %d times", want, n)
				}
				if d := found[i]; d.Severity != provision.Warning || d.Message != got[i] {
					t.Errorf("check says %v, want %q", d, got[i])
				}
			}
		})
	}
}

// If Asterisk does not list its actions, or manager.conf does not have the account, no right is said to be missing.
func TestRightsThatCannotBeTold(t *testing.T) {
	_, address := fake(t, sample, amiserver.Options{})
	r := start(t, Options{Address: address})
	r.waitPhones(t, 1)
	if got := r.Status().MissingRights; len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

// If an account loses read = system while phoneprov runs, nobody waits for FullyBooted, which Asterisk does not send
// any more.
func TestLostRightToEvents(t *testing.T) {
	var deaf atomic.Bool
	dir := amitest.Files(t, accountFiles("system,call"))
	server, address := amitest.StartDir(t, dir, amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		if deaf.Load() && m["Action"] == "Login" {
			s.Accept(m)
			return true
		}
		return false
	}})
	r := start(t, Options{Address: address, Timing: Timing{Boot: 20 * time.Millisecond}})
	r.waitPhones(t, 1)
	testkit.Write(t, dir+"/manager.conf", accountFiles("call")["manager.conf"])
	deaf.Store(true)
	before := r.Status().Syncs
	server.Drop()
	testkit.Eventually(t, "a sync after the reconnect", func() bool { return r.Status().Syncs > before })
	if got := r.Status().MissingRights; len(got) != 1 || !strings.Contains(got[0], "lacks read = system") {
		t.Errorf("got %q", got)
	}
}
