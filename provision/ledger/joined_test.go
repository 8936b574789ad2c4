package ledger

import (
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
)

// The users of two Asterisks: both have an extension 6001.
const (
	eastUsers = "[6001]\nautoprov = yes\nmacaddress = 0004f2000001\nfullname = East\nsecret = one\n"
	westUsers = "[6001]\nautoprov = yes\nmacaddress = 0004f2000002\nfullname = West\nsecret = two\n"
)

// join serves the phones of two Asterisks, and tells the ledger that one of them was read. Empty users: it was not read
// yet.
func (s *site) join(pbx, east, west string) {
	s.t.Helper()
	var parts []provision.Part
	for _, of := range []struct{ pbx, users string }{{"east", east}, {"west", west}} {
		part := provision.Part{PBX: of.pbx}
		if of.users != "" {
			config := provision.Config{}
			astconftest.Read(s.t, config, config.Files(), map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": of.users})
			var err error
			if part.Snapshot, _, err = provision.Build(s.t.Context(), provision.Input{PBX: of.pbx, Config: config}, time.Now()); err != nil {
				s.t.Fatal(err)
			}
		}
		parts = append(parts, part)
	}
	next, _ := provision.Join(parts)
	s.store.Swap(next)
	s.Synced(Sync{At: s.now(), PBX: pbx, Trigger: "test"})
	s.settled()
}

func newJoinedSite(t *testing.T, store Store) *site {
	return newSite(t, "", func(o *Options) {
		o.Store = store
		one := o.Renderer.(*provision.Renderer)
		o.Renderer = provision.JoinRenderers(map[string]*provision.Renderer{"east": one, "west": one})
		o.Peer = func(pbx, endpoint string) (Peer, bool) {
			return Peer{PBX: pbx, Endpoint: endpoint, Registered: pbx == "west", Contact: "sip:" + pbx, RoundTrip: -1}, true
		}
	})
}

// An endpoint is that of its own Asterisk: 6001 of the one is not 6001 of the other.
func TestJoinedEndpoints(t *testing.T) {
	t.Parallel()
	s := newJoinedSite(t, nil)
	s.join("east", eastUsers, westUsers)
	for id, want := range map[string]struct {
		pbx, contact string
	}{mac1: {"east", "sip:east"}, mac2: {"west", "sip:west"}} {
		p, _ := s.Phone(id)
		if p.PBX != want.pbx || len(p.Lines) != 1 || p.Lines[0].Contact != want.contact || p.Lines[0].Registered != (want.pbx == "west") {
			t.Errorf("got %+v", p)
		}
		page, err := s.Phones(Query{PBX: want.pbx})
		if err != nil || page.Total != 1 || page.Items[0].ID != id || s.CountsOf(want.pbx)[NeverFetched] != 1 {
			t.Errorf("%s: got %+v, %v and %v", want.pbx, page.Items, err, s.CountsOf(want.pbx))
		}
	}
	s.PeerChanged(Peer{PBX: "west", Endpoint: "6001", Registered: true, Contact: "sip:new", RegisteredAt: time.Now()})
	s.PeerChanged(Peer{PBX: "north", Endpoint: "6001", Registered: true, Contact: "sip:new"})
	s.settled()
	for id, want := range map[string]int{mac1: 0, mac2: 1} {
		n := 0
		history, err := s.History(id)
		for _, e := range history {
			if e.Kind == RegisteredEvent {
				n++
			}
		}
		if n != want || err != nil {
			t.Errorf("%s: got %d registrations, %v", id, n, err)
		}
	}
	if got := s.CountsOf("north")[NeverFetched]; got != 0 {
		t.Errorf("got %d phones of an Asterisk that there is not", got)
	}
}

// While an Asterisk was not read since the start, its phones are not removed, and a MAC that nobody knows may be one of
// them. When it is read, its phones were there before.
func TestJoinedPartIsMissing(t *testing.T) {
	t.Parallel()
	store := newCountingStore()
	s := newJoinedSite(t, store)
	s.join("east", eastUsers, westUsers)
	s.fetch(desk, mac2+".cfg")
	s.wantState(mac2, UpToDate)
	s.stop()

	again := newJoinedSite(t, store)
	again.join("east", eastUsers, "")
	p, ok := again.Phone(mac2)
	if !ok || p.Gone != nil || p.State != Unknown || p.Files[0].Reason != whyNoSnapshot {
		t.Errorf("got %+v of a phone whose Asterisk was not read", p)
	}
	again.Served(again.answer(desk, macNone+".cfg", 503))
	again.settled()
	if list := again.Strangers(); len(list) > 0 {
		t.Errorf("got strangers %+v", list)
	}
	again.join("west", eastUsers, westUsers)
	again.wantState(mac2, UpToDate)
	history, err := again.History(mac2)
	for _, e := range history {
		if e.Kind == AddedEvent || e.Kind == RemovedEvent || err != nil {
			t.Errorf("got %+v, %v", e, err)
		}
	}
	for _, sync := range again.Syncs() {
		if sync.Added+sync.Removed > 0 {
			t.Errorf("got %+v", sync)
		}
	}
	if sync := again.Syncs()[0]; sync.PBX != "west" || sync.Phones != 2 {
		t.Errorf("got %+v", sync)
	}
	again.join("west", eastUsers, "[general]\n")
	if p, _ := again.Phone(mac2); p.Gone == nil {
		t.Error("the phone was removed, and is not gone")
	}
	again.Served(again.answer(desk, macNone+".cfg", 404))
	again.settled()
	if list := again.Strangers(); len(list) != 1 {
		t.Errorf("got strangers %+v", list)
	}
}

// The peers of an Asterisk are compared with those before the start once its own configuration is known.
func TestJoinedPeersRead(t *testing.T) {
	t.Parallel()
	store := newCountingStore()
	for _, id := range []string{mac1, mac2} {
		store.records[id] = Record{ID: id, State: NeverFetched, RegisteredAt: time.Now().Add(-time.Hour), Contact: "6001" + contactSeparator + "sip:before\n"}
	}
	s := newJoinedSite(t, store)
	expect := func(when, east, west string) {
		t.Helper()
		for id, want := range map[string]string{mac1: east, mac2: west} {
			if got := s.registrations(id); got != want {
				t.Errorf("%s, %s: got %q, want %q", when, id, got, want)
			}
		}
	}
	s.PeersRead("west")
	s.join("east", eastUsers, "")
	expect("the west is not read", "", "")
	s.PeersRead("east")
	s.settled()
	expect("the peers of the east are read", "-6001", "")
	s.join("west", eastUsers, westUsers)
	expect("the west is read", "-6001", "+6001")
}
