package ledger

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPeersBesideTheState(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, row := range []struct {
		name       string
		peer       Peer
		agent      string
		since      *bool
		registered bool
		odd        string // start of the only oddity
		secret     bool   // a secret changed after the registration
	}{
		{"not registered", Peer{Detail: "Unavailable"}, "", new(bool), false, "", false},
		{"registered before the fetch", Peer{Registered: true, RegisteredAt: now.Add(-time.Hour), Address: desk.from}, "", new(bool), true, "", false},
		{"registered since the fetch", Peer{Registered: true, RegisteredAt: now.Add(time.Hour), Address: desk.from}, "", yes(), true, "", false},
		{"nobody knows when", Peer{Registered: true, Address: desk.from}, "", nil, true, "", false},
		{"from elsewhere", Peer{Registered: true, RegisteredAt: now.Add(time.Hour), Address: "198.51.100.1"}, "", yes(), true, "line 6001 registers from 198.51.100.1, and the phone fetched from 192.0.2.7", false},
		{"by a name", Peer{Registered: true, RegisteredAt: now.Add(time.Hour), Address: "phone.test"}, "", yes(), true, "", false},
		{"another model", Peer{Registered: true, RegisteredAt: now.Add(time.Hour), Address: desk.from, UserAgent: "Yealink SIP-T19P 53.84.0.15"}, "", yes(), true,
			"over SIP it says that it is a Yealink T19P, and over HTTP a Yealink T46S", false},
		{"the same model", Peer{Registered: true, RegisteredAt: now.Add(time.Hour), Address: desk.from, UserAgent: "Yealink SIP-T46S 66.85.0.5"}, "", yes(), true, "", false},
		{"still registered with an old secret", Peer{Registered: true, RegisteredAt: now.Add(-time.Hour), Address: desk.from}, "", new(bool), true, "a secret was changed at ", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, twoPhones, func(o *Options) {
				o.Peer = func(_, endpoint string) (Peer, bool) {
					p := row.peer
					p.Endpoint, p.RoundTrip = endpoint, 12*time.Millisecond
					return p, endpoint == "6001"
				}
			})
			s.fetch(desk, cfg1)
			state := UpToDate
			if row.secret {
				s.sync(changed)
				state = ChangeWaiting
			}
			p := s.wantState(mac1, state)
			if diff := cmp.Diff(row.since, p.Evidence.RegisteredSinceFetch); diff != "" || p.Evidence.Registered != row.registered {
				t.Errorf("%s: got %+v", diff, p.Evidence)
			}
			if odd := p.Evidence.Oddities; (len(odd) > 0) != (row.odd != "") || len(odd) > 0 && (len(odd) != 1 || !strings.HasPrefix(odd[0], row.odd)) {
				t.Errorf("got oddities %q", odd)
			}
			if p.Lines[0].Registered != row.registered || *p.Lines[0].RoundTripMS != 12 || !p.PeersKnown {
				t.Errorf("got line %+v", p.Lines[0])
			}
		})
	}
}

func yes() *bool { b := true; return &b }

func TestRegistrationsAreEvents(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	s.settled()
	begin := time.Now().Add(-time.Hour)
	peer := func(minutes int, contact string) {
		s.PeerChanged(Peer{Endpoint: "6001", Registered: contact != "", RegisteredAt: begin.Add(time.Duration(minutes) * time.Minute), Contact: contact})
		s.settled()
	}
	peer(0, "sip:a")
	peer(10, "sip:a") // renewed: no event
	peer(20, "sip:b") // from another address
	s.fetch(desk, cfg1)
	s.settled()
	peer(70, "sip:b") // after the fetch
	peer(80, "sip:b")
	peer(90, "")
	s.PeerChanged(Peer{Endpoint: "9999", Registered: true})
	s.settled()
	history, err := s.History(mac1)
	var kinds []string
	for _, e := range history {
		kinds = append(kinds, string(e.Kind))
	}
	if got := strings.Join(kinds, " "); got != "unregistered registered state fetched registered registered" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
