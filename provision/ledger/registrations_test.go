package ledger

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// twoLines is the configuration of a phone with two lines.
const twoLines = `[general]
[line](!)
autoprov = yes
macaddress = 0004f2000001
[6001](line)
username = 6001
linenumber = 1
[6002](line)
username = 6002
linenumber = 2
`

// registrations returns a phone's events of registrations, the oldest first: "+6001 -6002".
func (s *site) registrations(id string) string {
	s.t.Helper()
	s.settled()
	history, err := s.History(id)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, e := range slices.Backward(history) {
		switch e.Kind {
		case RegisteredEvent:
			all = append(all, "+"+e.Detail)
		case UnregisteredEvent:
			all = append(all, "-"+e.Detail)
		}
	}
	return strings.Join(all, " ")
}

// Each line of a phone has a registration of its own. Renewals in turns change nothing, so they must not fill the history.
func TestLinesRegisterOnTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoLines, nil)
	s.settled()
	begin := time.Now().Add(-time.Hour)
	register := func(minute int, endpoint, contact string) {
		s.PeerChanged(Peer{Endpoint: endpoint, Registered: contact != "", RegisteredAt: begin.Add(time.Duration(minute) * time.Minute), Contact: contact})
	}
	for minute := range 10 { // renewals
		register(minute, "6001", "sip:6001@192.0.2.7:5060")
		register(minute, "6002", "sip:6002@192.0.2.7:5060")
	}
	if got := s.registrations(mac1); got != "+6001 +6002" {
		t.Errorf("got %q", got)
	}
	register(11, "6001", "")
	register(12, "6002", "sip:6002@192.0.2.7:5060")
	register(13, "6002", "")
	register(14, "6002", "")
	register(15, "6002", "sip:6002@192.0.2.7:5061")
	if got := s.registrations(mac1); got != "+6001 +6002 -6001 -6002 +6002" {
		t.Errorf("got %q", got)
	}
}

// What registered or went while phoneprov did not run, or before it read the peers, is in the history once they are read.
func TestRegistrationsWhilePhoneprovIsDown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, before, after, want string // contacts of 6001
		never                     bool   // no registration was ever seen
	}{
		{"nothing changed", "sip:a", "sip:a", "", false},
		{"it went", "sip:a", "", "-6001", false},
		{"it came back", "", "sip:a", "+6001", false},
		{"it moved", "sip:a", "sip:b", "+6001", false},
		{"it is still away", "", "", "", false},
		{"it was registered before phoneprov ever ran", "", "sip:a", "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := Record{ID: mac1, State: NeverFetched, RegisteredAt: time.Now().Add(-time.Hour)}
			if row.never {
				r.RegisteredAt = time.Time{}
			}
			if row.before != "" {
				r.Contact = "6001" + contactSeparator + row.before + "\n"
			}
			store := newCountingStore()
			store.records[mac1] = r
			var mu sync.Mutex
			known := false
			s := newSite(t, "", func(o *Options) {
				o.Store = store
				o.Peer = func(_, endpoint string) (Peer, bool) {
					mu.Lock()
					defer mu.Unlock()
					return Peer{Endpoint: endpoint, Registered: row.after != "", Contact: row.after, RoundTrip: -1}, known && endpoint == "6001"
				}
			})
			s.sync(twoPhones)
			if got := s.registrations(mac1); got != "" {
				t.Errorf("before the peers are known: got %q", got)
			}
			mu.Lock()
			known = true
			mu.Unlock()
			s.PeersRead("")
			if got := s.registrations(mac1); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			s.sync(changed) // the comparison is made once
			if got := s.registrations(mac1); got != row.want {
				t.Errorf("after a sync: got %q, want %q", got, row.want)
			}
		})
	}
}

// The peers may be read before the first configuration is.
func TestPeersReadBeforeTheConfiguration(t *testing.T) {
	t.Parallel()
	store := newCountingStore()
	store.records[mac1] = Record{ID: mac1, State: NeverFetched, RegisteredAt: time.Now(), Contact: "sip:of an older phoneprov"}
	s := newSite(t, "", func(o *Options) {
		o.Store = store
		o.Peer = func(_, endpoint string) (Peer, bool) { return Peer{Endpoint: endpoint, RoundTrip: -1}, true }
	})
	s.PeersRead("")
	s.settled()
	s.sync(twoPhones)
	if got := s.registrations(mac1); got != "-6001" {
		t.Errorf("got %q", got)
	}
}

// A registration since the fetch that phoneprov saw is known after its restart, although Asterisk says no time.
func TestRegisteredSinceTheFetchAfterARestart(t *testing.T) {
	t.Parallel()
	fetched := time.Now().Add(-time.Hour)
	for _, row := range []struct {
		name  string
		after time.Duration // of the last registration after the fetch
		want  *bool
	}{
		{"since the fetch", time.Minute, yes()},
		{"before it, and nobody knows since", -time.Minute, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := newCountingStore()
			store.records[mac1] = Record{
				ID: mac1, State: UpToDate, RegisteredAt: fetched.Add(row.after), Contact: "6001" + contactSeparator + "sip:a\n",
				Files: []FileRecord{{Name: cfg1, State: UpToDate, Fetched: `"00000000000000000000000000000001"`, FetchedAt: fetched, RequestedAt: fetched, Status: 200}},
			}
			s := newSite(t, twoPhones, func(o *Options) {
				o.Store = store
				o.Peer = func(_, endpoint string) (Peer, bool) {
					return Peer{Endpoint: endpoint, Registered: endpoint == "6001", Contact: "sip:a", RoundTrip: -1}, true
				}
			})
			s.PeersRead("")
			got := s.shows(mac1).Evidence.RegisteredSinceFetch
			if (got == nil) != (row.want == nil) || got != nil && *got != *row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}
