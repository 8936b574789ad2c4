package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestResync(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			s := newResyncSite(t, suite)
			var phones []*phone
			for i := range 3 {
				p := s.phone(fmt.Sprint(6001+i), snomAgent, "notified")
				p.ready()
				phones = append(phones, p)
			}
			t.Log("one secret of three phones is changed")
			s.secrets["6002"] = "secret-6002-b"
			s.reload()
			second := phones[1]
			testkit.Eventually(t, "the phone is notified", func() bool { return len(second.notified()) == 1 })
			now := second.is(ledger.Told)
			if got := second.notified(); got[0] != "check-sync;reboot=false" || now.Told == nil || now.Told.Answer != "NOTIFY sent" ||
				now.Told.How != "NOTIFY check-sync;reboot=false to pjsip endpoint 6002" {
				t.Errorf("got %q, %+v", got, now.Told)
			}
			if body := second.fetch(); !strings.Contains(body, "secret-6002-b") {
				t.Errorf("it fetched an old file")
			}
			second.is(ledger.UpToDate)
			second.register("secret-6002-b", 0) // it begins anew with the new secret, as phones do
			second.register("secret-6002-b", 3600)
			second.wait("registered since the fetch", func(p ledger.Phone) bool {
				return p.Evidence.RegisteredSinceFetch != nil && *p.Evidence.RegisteredSinceFetch
			})
			for _, other := range []*phone{phones[0], phones[2]} {
				if got := other.notified(); got != nil {
					t.Errorf("%s got %q", other.user, got)
				}
			}
			history, err := s.v.ledger.History(resyncMAC("6002"))
			var kinds []string
			for _, e := range history {
				kinds = append([]string{strings.TrimSpace(string(e.Kind) + " " + string(e.To))}, kinds...)
			}
			if got := strings.Join(kinds, ", "); err != nil || !strings.Contains(got, "changed, state change_waiting, told, state told, fetched, state up_to_date") {
				t.Errorf("history: %s (%v)", got, err)
			}
			t.Run("not registered, then registering", func(t *testing.T) { s.registersLater(t, phones[2]) })
			t.Run("in a call", func(t *testing.T) { s.inCall(t) })
			t.Run("two contacts", func(t *testing.T) { s.twoContacts(t, phones[0]) })
			t.Run("by command", func(t *testing.T) { s.byCommand(t, second) })
			t.Run("from the CLI", func(t *testing.T) { s.fromCLI(t, second) })
			t.Run("Asterisk is killed", func(t *testing.T) { s.killed(t, second) })
		})
	}
}

// registersLater is of a phone that is away when its file changes, and never fetches: it is told when it registers, and once more.
func (s *resyncSite) registersLater(t *testing.T, p *phone) {
	p.register(s.secrets[p.user], 0)
	p.wait("unregistered", func(now ledger.Phone) bool { return !now.Evidence.Registered })
	s.secrets[p.user] = "secret-" + p.user + "-c"
	s.reload()
	p.wait("waits", func(now ledger.Phone) bool {
		return now.State == ledger.ChangeWaiting && now.Untold == "not registered"
	})
	p.register(s.secrets[p.user], 3600)
	testkit.Eventually(t, "it is told", func() bool { return len(p.notified()) == 1 })
	now := p.is(ledger.NoReaction)
	if n := p.notified(); len(n) != 2 || now.Told.Tries != 2 || !strings.Contains(now.Reason, "NOTIFY check-sync;reboot=false to pjsip endpoint "+p.user+", and once before: NOTIFY sent") {
		t.Errorf("got %d, %+v, %q", len(n), now.Told, now.Reason)
	}
	p.fetch()
	p.is(ledger.UpToDate)
}

// inCall is of a phone that rings: it is told when that ends.
func (s *resyncSite) inCall(t *testing.T) {
	p := s.phone("6004", snomAgent, "ringing")
	p.ready()
	s.a.CLI(t, "channel originate PJSIP/6004 application Wait 1000")
	testkit.Eventually(t, "it rings", func() bool { e, _ := s.v.pbxs[0].sync.Known("6004"); return e.InCall })
	s.secrets[p.user] = "secret-6004-b"
	s.reload()
	p.wait("waits for the end of the call", func(now ledger.Phone) bool {
		return now.State == ledger.ChangeWaiting && strings.HasPrefix(now.Untold, "a call is up on 6004")
	})
	s.a.CLI(t, "channel request hangup all")
	p.is(ledger.Told)
	testkit.Eventually(t, "it is notified", func() bool { return len(p.notified()) > 0 })
}

// twoContacts is of an AOR with two: nobody is told where Asterisk cannot send to one of them, and then exactly the phone's.
func (s *resyncSite) twoContacts(t *testing.T, p *phone) {
	other := s.phone(p.user, "Linphonec/5.1.65", "notified")
	other.register(s.secrets[p.user], 3600)
	testkit.Eventually(t, "both are known", func() bool { e, _ := s.v.pbxs[0].sync.Known(p.user); return len(e.Contacts) == 2 })
	s.a.CLI(t, "module reload phoneprov") // which reads their User-Agents
	s.secrets[p.user] = "secret-" + p.user + "-b"
	s.reload()
	p.wait("cannot be singled out", func(now ledger.Phone) bool {
		return strings.HasPrefix(now.Untold, "cannot be singled out: "+p.user+" has 2 contacts; name an endpoint in default_outbound_endpoint")
	})
	advice := "cannot be told alone that its files have changed: endpoint " + p.user + " has several contacts"
	if out := s.check(); !strings.Contains(out, "phone "+resyncMAC(p.user)+" "+advice) || strings.Count(out, advice) != 1 {
		t.Errorf("check says %s", out)
	}
	s.global = "default_outbound_endpoint=out"
	s.reload()
	if out := s.check(); strings.Contains(out, "cannot be told alone") {
		t.Errorf("check says %s", out)
	}
	testkit.Eventually(t, "pjsip.conf names an endpoint for URIs", func() bool { return s.v.pbxs[0].sync.Outbound() == "out" })
	s.secrets[p.user] = "secret-" + p.user + "-c"
	s.reload()
	testkit.Eventually(t, "the phone is notified", func() bool { return len(p.notified()) > 0 })
	now := p.wait("told", func(now ledger.Phone) bool { return now.Told != nil }) // the phone may have it before the ledger
	if got := other.notified(); got != nil || !strings.Contains(now.Told.How, fmt.Sprintf(":%d", p.port)) {
		t.Errorf("the other contact got %q: %+v", got, now.Told)
	}
	p.fetch()
	p.is(ledger.UpToDate)
}

// byCommand is of phoneprov notify, over the admin address.
func (s *resyncSite) byCommand(t *testing.T, p *phone) {
	before := len(p.notified())
	command := func(args ...string) (string, string, int) {
		var stdout, stderr strings.Builder
		code := run(t.Context(), append([]string{"notify"}, args...), func(name string) (string, bool) {
			switch name {
			case "PHONEPROV_ADMIN_LISTEN":
				return s.v.admin.Addr().String(), true
			case "PHONEPROV_AMI_SECRET":
				return "unused", true
			}
			return "", false
		}, strings.NewReader(""), &stdout, &stderr)
		return stdout.String(), stderr.String(), code
	}
	for _, tt := range []struct {
		args           []string
		stdout, stderr string // parts
		code           int
	}{
		{[]string{"--dry-run", resyncMAC(p.user)}, ": would be told: NOTIFY check-sync;reboot=false to pjsip endpoint 6002, reboots: no\n1 of 1 phone\n", "", 0},
		{[]string{"--dry-run", "--profile", "p"}, " of 5 phones\n", "", 0},
		{[]string{resyncMAC("6005")}, ": not told: not registered\n0 of 1 phone\n", "", 1},
		{[]string{"000000000000"}, "", "there is no such phone", 1},
		{[]string{"--state", "stale"}, "", `there is no state "stale"`, 1},
		{[]string{"--confirm"}, "", "nothing is held", 1},
		{nil, "", "name phones by their MACs", 1},
		{[]string{resyncMAC(p.user), "--reboot"}, "told: NOTIFY check-sync;reboot=true to pjsip endpoint 6002, reboots: yes\n1 of 1 phone\n", "", 0},
	} {
		stdout, stderr, code := command(tt.args...)
		if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("notify %q: got %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
	testkit.Eventually(t, "it is told to reboot", func() bool {
		got := p.notified()
		return len(got) == before+1 && got[before] == "check-sync;reboot=true"
	})
}

// fromCLI is of commands at the Asterisk CLI, as cli_aliases.conf has them.
func (s *resyncSite) fromCLI(t *testing.T, p *phone) {
	before := len(p.notified())
	s.a.CLI(t, "module reload "+strings.ToUpper(resyncMAC(p.user))) // without the word before it this is nothing of ours
	s.a.CLI(t, "module reload phoneprov-notify")
	s.a.CLI(t, "module reload phoneprov-notify "+resyncMAC(p.user))
	testkit.Eventually(t, "it is told", func() bool { return len(p.notified()) == before+1 })
	p.is(ledger.UpToDate)
}

// killed is of an Asterisk that ends between a NOTIFY and the fetch: the fetch counts.
func (s *resyncSite) killed(t *testing.T, p *phone) {
	before := len(p.notified())
	s.secrets[p.user] = "secret-" + p.user + "-d"
	s.reload()
	testkit.Eventually(t, "it is told", func() bool { return len(p.notified()) > before })
	p.is(ledger.Told)
	s.a.Kill(t)
	if body := p.fetch(); !strings.Contains(body, s.secrets[p.user]) {
		t.Error("it fetched an old file")
	}
	p.is(ledger.UpToDate)
	s.a.Boot(t)
	testkit.Eventually(t, "phoneprov is connected again", func() bool {
		_, err := s.v.notifier.ByHand(t.Context(), notify.Request{All: true, DryRun: true})
		return err == nil && s.v.pbxs[0].sync.Status().Connected
	})
	p.is(ledger.UpToDate)
}
