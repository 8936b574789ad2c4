package amisync

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// second returns a moment of the tests, in seconds.
func second(seconds int) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(1_800_000_000+int64(seconds), 0)
}

// TestRegistrationTimes has the steps of one endpoint: lists and events, and the known times of its contact after each.
func TestRegistrationTimes(t *testing.T) {
	type step struct {
		what    string // "list", "contacts", "event", "event in a list"
		now     int
		expires int    // of the contact; 0: no contact
		status  string // of an event
		since   int    // expected; 0: not known
		last    int
		told    bool // expected: a change was reported
	}
	for _, row := range []struct {
		name  string
		steps []step
	}{
		{"registered before the start", []step{
			{what: "list", now: 100, expires: 1000},
			{what: "contacts", now: 160, expires: 1000},
		}},
		{"renewed, nobody knows for how long", []step{
			{what: "list", now: 100, expires: 1000},
			{what: "contacts", now: 160, expires: 1000},
			{what: "contacts", now: 220, expires: 1300, last: 160, told: true},
			{what: "contacts", now: 280, expires: 1300, last: 160},
		}},
		{"an event tells, and then it is renewed", []step{
			{what: "list", now: 100},
			{what: "event", now: 110, status: "NonQualified", since: 110, last: 110, told: true},
			{what: "event", now: 111, status: "Reachable", since: 110, last: 110},
			{what: "contacts", now: 160, expires: 410, since: 110, last: 110},
			{what: "contacts", now: 290, expires: 560, since: 110, last: 260, told: true},
			{what: "list", now: 300, expires: 560, since: 110, last: 260},
			{what: "event", now: 310, status: "Removed", told: true},
		}},
		{"an event was lost", []step{
			{what: "list", now: 100},
			{what: "list", now: 160, expires: 1000, since: 100, last: 100, told: true},
			{what: "list", now: 220, told: true},
		}},
		{"an event tells while the list is read", []step{
			{what: "list", now: 100},
			{what: "event", now: 112, status: "Reachable", since: 112, last: 112, told: true},
			{what: "contacts", now: 110, expires: 410, since: 112, last: 112},
			{what: "contacts", now: 170, expires: 470, since: 112, last: 112, told: true},
		}},
		{"the clock of Asterisk is wrong", []step{
			{what: "list", now: 100},
			{what: "event", now: 110, status: "Reachable", since: 110, last: 110, told: true},
			{what: "contacts", now: 160, expires: 9000, since: 110, last: 110},
			{what: "contacts", now: 220, expires: 99_000, since: 110, last: 160, told: true},
		}},
		{"an event tells during the first list", []step{
			{what: "event in a list", now: 100, status: "NonQualified", since: 100, last: 100, told: true},
			{what: "list", now: 160, expires: 1000, since: 100, last: 100},
		}},
		{"an event tells during a later list", []step{
			{what: "list", now: 90},
			{what: "event in a list", now: 100, status: "NonQualified", since: 100, last: 100, told: true},
			{what: "event in a list", now: 110, status: "Removed", told: true},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			const uri = "sip:6001@192.0.2.7:5060"
			var s peerSet
			for i, step := range row.steps {
				m := ami.Message{"Endpoint": "6001", "Uri": uri, "Status": "Reachable", "UserAgent": "phone", "RoundtripUsec": "1500",
					"ExpirationTime": fmt.Sprint(second(step.expires).Unix())}
				happens := ami.Message{"Event": "ContactStatus", "EndpointName": "6001", "URI": uri, "ContactStatus": step.status, "RoundtripUsec": "0"}
				var changed []Peer
				switch step.what {
				case "list":
					p := Peer{Kind: PJSIP, Name: "6001", State: Online}
					if step.expires > 0 {
						p.Contacts = []Contact{contactOf(uri, m)}
					}
					s.begin()
					s.begun = second(step.now)
					changed, _ = s.replace([]Peer{p}, true, second(step.now))
				case "contacts":
					changed = s.renew([]ami.Message{m}, second(step.now), second(step.now))
				case "event":
					changed = s.event(happens, second(step.now))
				case "event in a list":
					s.begin()
					changed = s.event(happens, second(step.now))
					listed, _ := s.replace([]Peer{{Kind: PJSIP, Name: "6001", State: Online}}, true, second(step.now))
					changed = append(changed, listed...)
				}
				if (len(changed) == 1) != step.told {
					t.Errorf("step %d: told of %+v", i, changed)
				}
				p, ok := s.named("6001")
				if !ok || len(p.Contacts) > 1 {
					t.Fatalf("step %d: got %+v", i, p)
				}
				var c Contact
				if len(p.Contacts) == 1 {
					c = p.Contacts[0]
				}
				if !c.Since.Equal(second(step.since)) || !c.RegisteredAt.Equal(second(step.last)) {
					t.Errorf("step %d: since %v, last %v, want %v and %v", i, c.Since, c.RegisteredAt, second(step.since), second(step.last))
				}
			}
		})
	}
}

func TestRoundTrips(t *testing.T) {
	for text, want := range map[string]time.Duration{"1500": 1500 * time.Microsecond, "0": -1, "": -1, "N/A": -1} {
		if got := roundTrip(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]time.Duration{"OK (12 ms)": 12 * time.Millisecond, "LAGGED (2000 ms)": 2 * time.Second, "Unmonitored": -1, "UNKNOWN": -1, "OK (x ms)": -1} {
		if got := roundTripOf(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// The event of a new contact lacks its User-Agent: the list is read soon, and not only after Timing.Contacts.
func TestUserAgentOfANewContact(t *testing.T) {
	t.Parallel()
	var lists atomic.Int32
	server, address := fake(t, with(sample, "pjsip.conf", "[6001]\ntype=endpoint\n"), amiserver.Options{Intercept: func(s *amiserver.Session, action amiserver.Message) bool {
		if action["Action"] != "PJSIPShowContacts" || lists.Add(1) == 1 {
			return false
		}
		id := action["ActionID"]
		s.Send("Response", "Success", "ActionID", id, "EventList", "start")
		s.Send("Event", "ContactList", "ActionID", id, "Endpoint", "6001", "Uri", "sip:a@b", "Status", "Reachable", "UserAgent", "phone")
		s.Send("Event", "ContactListComplete", "ActionID", id, "EventList", "Complete", "ListItems", "1")
		return true
	}})
	s := start(t, Options{Address: address, Timing: Timing{Contacts: time.Hour}})
	testkit.Eventually(t, "the peers are read", func() bool { _, ok := s.Peer("6001"); return ok })
	server.Event("Event", "ContactStatus", "EndpointName", "6001", "URI", "sip:a@b", "ContactStatus", "Reachable")
	testkit.Eventually(t, "the User-Agent is known", func() bool {
		p, _ := s.Peer("6001")
		return len(p.Contacts) == 1 && p.Contacts[0].UserAgent == "phone"
	})
}

const registeringPJSIP = `[udp]
type=transport
protocol=udp
bind=0.0.0.0:5060
[6001]
type=endpoint
transport=udp
aors=6001
auth=6001
[6001]
type=aor
max_contacts=1
[6001]
type=auth
auth_type=userpass
username=6001
password=oracle-ami-secret
`

// TestRegistrationsAgainstAsterisk lets a phone register, renew and unregister, with the least rights.
func TestRegistrationsAgainstAsterisk(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: map[string]string{
				"pjsip.conf": registeringPJSIP,
				"sip.conf":   "[general]\nudpbindaddr=0.0.0.0:5070\n[7001]\ntype=friend\nhost=dynamic\nsecret=oracle-ami-secret\n",
				"manager.conf": "[general]\nenabled=yes\nbindaddr=0.0.0.0\nport=5038\n[" + oracle.User + "]\nsecret=" + oracle.Secret +
					"\ndeny=0.0.0.0/0.0.0.0\npermit=0.0.0.0/0.0.0.0\nread=system,call\nwrite=system,reporting\n",
			}})
			told := make(chan Peer, 100)
			var lists atomic.Int32
			s := start(t, Options{Address: a.AMI, Username: oracle.User, Secret: oracle.Secret, PeerChanged: func(p Peer) { told <- p },
				PeersRead: func() { lists.Add(1) }, Timing: Timing{Contacts: 100 * time.Millisecond}})
			testkit.Eventually(t, "the peers are read", func() bool { return lists.Load() > 0 })
			if _, ok := s.Peer("6001"); !ok {
				t.Error("PeersRead was called before Peer knew the peers")
			}
			s.Trigger("again")
			testkit.Eventually(t, "they are read again", func() bool { return strings.Contains(s.Status().LastSync.Trigger, "again") })
			phone := a.SIPPhone(t, 5060, "6001", oracle.Secret, "Yealink SIP-T46S 66.85.0.5")
			contact := func() (c Contact) {
				if p, _ := s.Peer("6001"); len(p.Contacts) == 1 {
					c = p.Contacts[0]
				}
				return c
			}
			begun := time.Now()
			phone.Register(100 * time.Second)
			testkit.Eventually(t, "it is registered", func() bool { return contact().URI == phone.Contact() && contact().UserAgent != "" })
			first := contact()
			if first.Since.Before(begun) || !first.Since.Equal(first.RegisteredAt) || first.UserAgent != "Yealink SIP-T46S 66.85.0.5" || first.Expires.Before(begun.Add(time.Minute)) {
				t.Errorf("got %+v, registered at %v", first, begun)
			}
			lasts := 100 * time.Second
			testkit.Eventually(t, "it is renewed", func() bool {
				lasts += time.Second // a renewal before the next reading counts from the reading before
				phone.Register(lasts)
				return contact().RegisteredAt.After(first.RegisteredAt)
			})
			if c := contact(); !c.Since.Equal(first.Since) {
				t.Errorf("got %+v, before %+v", c, first)
			}
			phone.Register(0)
			testkit.Eventually(t, "it is gone", func() bool { return contact().URI == "" })
			kinds := func() (got string) {
				for len(told) > 0 {
					p := <-told
					got += fmt.Sprint(p.Name, len(p.Contacts), " ")
				}
				return got
			}
			if got := kinds(); !strings.HasPrefix(got, "60011 60011 ") || !strings.HasSuffix(got, "60010 ") {
				t.Errorf("told of %q", got)
			}
			if got := lists.Load(); got != 1 {
				t.Errorf("PeersRead was called %d times", got)
			}
			if suite != oracle.Bullseye {
				return
			}
			old := a.SIPPhone(t, 5070, "7001", oracle.Secret, "phone")
			peer := func() Peer { p, _ := s.Peer("7001"); return p }
			old.Register(100 * time.Second)
			testkit.Eventually(t, "it is registered with chan_sip", func() bool { return peer().Address != "" })
			registered := peer()
			old.Register(100 * time.Second)
			testkit.Eventually(t, "it is renewed with chan_sip", func() bool { return peer().RegisteredAt.After(registered.RegisteredAt) })
			if p := peer(); !p.Since.Equal(registered.Since) || p.Since.IsZero() || !slices.Contains([]State{Online, Unknown}, p.State) {
				t.Errorf("got %+v, before %+v", p, registered)
			}
			old.Register(0)
			testkit.Eventually(t, "it is gone from chan_sip", func() bool { return peer().Address == "" && peer().Since.IsZero() })
		})
	}
}
