package amisync

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/ask"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// booter is a fake that can be booting: it then takes logins, and has neither functions nor endpoints.
type booter struct {
	*amiserver.Server
	address string
	booting atomic.Bool
	logins  atomic.Int32
}

func newBooter(t *testing.T, files map[string]string) *booter {
	t.Helper()
	b := new(booter)
	b.Server, b.address = fake(t, files, amiserver.Options{
		Function: func(call string) string {
			if b.booting.Load() {
				return ""
			}
			return call + "=v"
		},
		Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
			switch {
			case m["Action"] == "Login":
				b.logins.Add(1)
				if b.booting.Load() {
					s.Accept(m)
				}
				return b.booting.Load()
			case b.booting.Load() && strings.HasPrefix(m["Action"], "PJSIP"):
				s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Invalid/unknown command: x")
				return true
			}
			return false
		},
	})
	return b
}

// restart makes the server boot until boot is called.
func (b *booter) restart() {
	b.booting.Store(true)
	b.Drop()
}

func (b *booter) boot() {
	b.booting.Store(false)
	b.Event("Event", "FullyBooted", "Status", "Fully Booted")
}

// expectAsk calls X(). If want is "", the call must fail.
func expectAsk(t *testing.T, s *Service, want string) {
	t.Helper()
	got, err := s.Ask(t.Context(), "X()")
	if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// An Asterisk that is starting has an empty value for every function, which no phone may get.
func TestAskBooting(t *testing.T) {
	t.Parallel()
	b := newBooter(t, nil)
	s, err := New(Options{Address: b.address, Username: testUser, Secret: testSecret, Log: testLog(), Timing: Timing{Ask: 250 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	expectAsk(t, s, "X()=v")
	for range skips.Size(t, 3, 1) {
		b.restart()
		for end := time.Now().Add(ask.BootGrace / 2); time.Now().Before(end); {
			expectAsk(t, s, "")
		}
		before := b.logins.Load()
		b.boot()
		expectAsk(t, s, "X()=v")
		if b.logins.Load() != before {
			t.Error("the connection that waited for the boot was not used")
		}
	}
	b.restart()
	expectAsk(t, s, "")
	<-time.After(ask.BootGrace) // FullyBooted comes to this account, so no time is long enough
	expectAsk(t, s, "")
}

// An Asterisk that never sent FullyBooted to this account may still be booting while the link waits.
func TestAskBootingAtFirst(t *testing.T) {
	t.Parallel()
	b := newBooter(t, sample)
	b.booting.Store(true)
	r := start(t, Options{Address: b.address, Timing: Timing{FirstBoot: time.Hour, Ask: ask.BootGrace + 200*time.Millisecond}})
	expectAsk(t, r.Service, "")
	b.boot()
	expectAsk(t, r.Service, "X()=v")
}

// An account without read=system never gets FullyBooted. It gets its values some time after the login.
func TestAskWithoutEvents(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]*provision.Store{"once": nil, "running": new(provision.Store)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, address := fake(t, sample, amiserver.Options{
				Function:  func(call string) string { return call + "=v" },
				Intercept: only("Login", func(s *amiserver.Session, m amiserver.Message) { s.Accept(m) }),
			})
			o := Options{Address: address, Username: testUser, Secret: testSecret, Log: testLog(), Timing: Timing{FirstBoot: 50 * time.Millisecond, Ask: 2 * ask.BootGrace}}
			if store != nil {
				r := start(t, o)
				r.waitPhones(t, 1)
				expectAsk(t, r.Service, "X()=v")
				return
			}
			s, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			expectAsk(t, s, "X()=v")
		})
	}
}

// A boot may take longer than Timing.Boot. If Asterisk is known to send FullyBooted, the link waits for it, and no
// phone vanishes.
func TestLongBoot(t *testing.T) {
	t.Parallel()
	b := newBooter(t, with(sample, "pjsip.conf", `[pp]
type=phoneprov
endpoint=6009
MAC=001122334499
PROFILE=p
[6009]
type=endpoint
`))
	r := start(t, Options{Address: b.address, Timing: Timing{Boot: 20 * time.Millisecond, Ping: 5 * time.Millisecond}})
	r.waitPhones(t, 2)
	b.restart()
	testkit.Eventually(t, "the warning", func() bool { return strings.Contains(r.log.String(), "waiting for asterisk to boot") })
	syncs := r.Status().Syncs
	<-time.After(100 * time.Millisecond)
	st := r.Status()
	if want := "asterisk has not said yet that it is fully booted"; !st.Connected || st.LastError != want || st.Syncs != syncs {
		t.Errorf("got %+v, want %q", st, want)
	}
	if n := r.store.Load().Counts().Phones; n != 2 {
		t.Errorf("%d phones while it boots", n)
	}
	b.boot()
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > syncs && r.Status().LastError == "" })
	if n := r.store.Load().Counts().Phones; n != 2 {
		t.Errorf("%d phones", n)
	}
}

// A sync forgets earlier answers, because what triggered it may have changed them.
func TestSyncForgetsAnswers(t *testing.T) {
	var calls atomic.Int32
	_, address := fake(t, sample, amiserver.Options{Function: func(call string) string { return fmt.Sprintf("%s=%d", call, calls.Add(1)) }})
	r := start(t, Options{Address: address, FunctionTTL: time.Hour})
	r.waitPhones(t, 1)
	expectAsk(t, r.Service, "X()=1")
	expectAsk(t, r.Service, "X()=1")
	syncs := r.Status().Syncs
	r.Trigger("reload")
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > syncs })
	expectAsk(t, r.Service, "X()=2")
}
