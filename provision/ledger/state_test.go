package ledger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The names of the first phone's files.
const (
	cfg1, dir1, ask1, rand1 = mac1 + ".cfg", mac1 + "-dir.xml", mac1 + "-ask.cfg", mac1 + "-rand.cfg"
)

var changed = strings.Replace(twoPhones, "secret = first", "secret = other", 1)

// TestStates has a row for each way into a state: the events, and the phone's state after them.
func TestStates(t *testing.T) {
	other := asks{"198.51.100.9", "curl/8", "pbx.test:8080", true}
	for _, row := range []struct {
		name   string
		do     func(s *site)
		want   State
		reason string // part of the reason
		file   State  // of 0004f2000001.cfg; empty: the phone's state
	}{
		{"nothing happened", func(*site) {}, NeverFetched, "", ""},
		{"fetched", func(s *site) { s.fetch(desk, cfg1) }, UpToDate, "", ""},
		{"fetched with If-None-Match", func(s *site) {
			s.fetch(desk, cfg1)
			a := s.fetched(desk, cfg1)
			a.Status, a.Bytes = 304, 0
			s.Served(a)
		}, UpToDate, "", ""},
		{"first fetch is a 304", func(s *site) {
			a := s.fetched(desk, cfg1)
			a.Status = 304
			s.Served(a)
		}, UpToDate, "", ""},
		{"HEAD is no fetch", func(s *site) {
			a := s.fetched(desk, cfg1)
			a.Method = "HEAD"
			s.Served(a)
		}, NeverFetched, "", ""},
		{"PUT is no fetch", func(s *site) {
			a := s.fetched(desk, cfg1)
			a.Method = "PUT"
			s.Served(a)
		}, NeverFetched, "", ""},
		{"went away before the end", func(s *site) {
			who := desk
			who.whole = false
			s.fetch(who, cfg1)
		}, NeverFetched, "", ""},
		{"went away before the end of a new file", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			who := desk
			who.whole = false
			s.fetch(who, cfg1)
		}, ChangeWaiting, cfg1, ""},
		{"asked for credentials first", func(s *site) {
			s.Served(s.answer(desk, cfg1, 401))
		}, NeverFetched, "", ""},
		{"changed", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
		}, ChangeWaiting, cfg1, ""},
		{"changed and changed back", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			s.settled()
			s.sync(twoPhones)
		}, UpToDate, "", ""},
		{"changed and fetched", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			s.fetch(desk, cfg1)
		}, UpToDate, "", ""},
		{"the other phone changed", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(strings.Replace(twoPhones, "second", "third", 1))
		}, UpToDate, "", ""},
		{"the other phone changed, which stands in the directory", func(s *site) {
			s.fetch(desk, cfg1)
			s.fetch(desk, dir1)
			s.sync(strings.Replace(twoPhones, "Bob", "Bert", 1))
		}, ChangeWaiting, dir1, UpToDate},
		{"a directory that it never asked for changed", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(strings.Replace(twoPhones, "Bob", "Bert", 1))
		}, UpToDate, "", ""},
		{"a global variable changed that no file uses", func(s *site) {
			s.fetch(desk, cfg1)
			s.syncFiles(map[string]string{"users.conf": twoPhones, "extensions.conf": "[globals]\nX = 1\n"})
		}, UpToDate, "", ""},
		{"a global variable changed that stands in for one", func(s *site) {
			s.template("t.cfg", "${WELCOME}\n")
			s.fetch(desk, cfg1)
			s.syncFiles(map[string]string{"users.conf": twoPhones, "extensions.conf": "[globals]\nWELCOME = hello\n"})
		}, ChangeWaiting, cfg1, ""},
		{"fetched of an older configuration after the sync", func(s *site) {
			a := s.fetched(desk, cfg1)
			s.sync(changed)
			s.settled()
			s.Served(a)
		}, ChangeWaiting, cfg1, ""},
		{"a template changed", func(s *site) {
			s.fetch(desk, cfg1)
			s.settled()
			s.template("t.cfg", "another\n")
			s.lookAtTemplates()
		}, ChangeWaiting, cfg1, ""},
		{"a template changed that the file does not use", func(s *site) {
			s.fetch(desk, cfg1)
			s.settled()
			s.template("dir.xml", "another\n")
			s.lookAtTemplates()
		}, UpToDate, "", ""},
		{"a template changed and changed back", func(s *site) {
			s.fetch(desk, cfg1)
			s.settled()
			s.template("t.cfg", "another\n")
			s.lookAtTemplates()
			s.settled()
			s.template("t.cfg", templateFiles["t.cfg"])
			s.lookAtTemplates()
		}, UpToDate, "", ""},
		{"a template is gone", func(s *site) { // its last good text is served
			s.fetch(desk, cfg1)
			s.settled()
			s.removeTemplate("t.cfg")
			s.lookAtTemplates()
		}, UpToDate, "", ""},
		{"the file is made with the facts of its own request", func(s *site) {
			who := desk
			who.host, who.agent = "other.test", "Grandstream GXP2140 1.0.8.4"
			s.fetch(who, cfg1)
			s.sync(strings.Replace(twoPhones, "fullname = Bob", "fullname = Bert", 1))
			s.again1()
		}, UpToDate, "", ""},
		{"refused", func(s *site) { s.refuse(other, cfg1, "address") }, Refused, cfg1 + ": address", ""},
		{"refused twice", func(s *site) {
			s.refuse(other, cfg1, "address")
			s.refuse(other, cfg1, "address")
		}, Refused, "address, 2 times", ""},
		{"refused and then fetched", func(s *site) {
			s.refuse(desk, cfg1, "bad password")
			s.fetch(desk, cfg1)
		}, UpToDate, "", ""},
		{"refused from the address of its last fetch", func(s *site) {
			s.fetch(desk, cfg1)
			s.refuse(asks{desk.from, "curl", "x", true}, cfg1, "bad password")
		}, Refused, "bad password", ""},
		{"refused elsewhere with its User-Agent", func(s *site) {
			s.fetch(desk, cfg1)
			s.refuse(asks{"203.0.113.5", desk.agent, "x", true}, cfg1, "address")
		}, Refused, "address", ""},
		{"somebody else was refused its file", func(s *site) {
			s.fetch(desk, cfg1)
			s.refuse(other, cfg1, "address")
		}, UpToDate, "", ""},
		{"failing", func(s *site) {
			s.fetch(desk, cfg1)
			a := s.answer(desk, cfg1, 500)
			a.Err = "disk on fire"
			s.Served(a)
		}, Failing, cfg1 + ": disk on fire", ""},
		{"failing and healed", func(s *site) {
			s.Served(s.answer(desk, cfg1, 503))
			s.fetch(desk, cfg1)
		}, UpToDate, "", ""},
		{"failing is worse than a change", func(s *site) {
			s.fetch(desk, cfg1)
			s.fetch(desk, dir1)
			s.Served(s.answer(desk, dir1, 503))
			s.sync(changed)
		}, Failing, dir1, ChangeWaiting},
		{"the template cannot be expanded any more", func(s *site) {
			s.fetch(desk, cfg1)
			s.settled()
			s.template("t.cfg", "${PP_EACH_EXTENSION(${MAC},t.cfg)}\n")
			s.lookAtTemplates()
		}, Failing, cfg1, ""},
		{"depends on answers", func(s *site) { s.fetch(desk, ask1) }, Unknown, ask1 + ": depends on answers of Asterisk", NeverFetched},
		{"depends on answers, and the phone changed", func(s *site) {
			s.fetch(desk, ask1)
			s.sync(changed)
		}, ChangeWaiting, ask1, NeverFetched},
		{"depends on answers, and the other phone changed", func(s *site) {
			s.fetch(desk, ask1)
			s.sync(strings.Replace(twoPhones, "second", "third", 1))
			s.again1()
		}, Unknown, "depends on answers", NeverFetched},
		{"depends on answers, and was fetched again", func(s *site) {
			s.fetch(desk, ask1)
			s.sync(changed)
			s.settled()
			s.fetch(desk, ask1)
		}, Unknown, "depends on answers", NeverFetched},
		{"depends on chance", func(s *site) {
			s.fetch(desk, rand1)
			s.again1()
		}, Unknown, "depends on the time or on chance", NeverFetched},
		{"told", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			s.settled()
			s.PhoneTold(mac1, Notice{At: s.now(), Until: s.now().Add(time.Hour), How: "NOTIFY check-sync", Answer: "sent"})
		}, Told, "NOTIFY check-sync: sent", ""},
		{"told and fetched", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			s.settled()
			s.PhoneTold(mac1, Notice{At: s.now(), Until: s.now().Add(time.Hour)})
			s.fetch(desk, cfg1)
		}, UpToDate, "", ""},
		{"no reaction", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			s.settled()
			s.PhoneTold(mac1, Notice{At: s.now().Add(-time.Hour), Until: s.now().Add(-time.Minute), How: "NOTIFY"})
		}, NoReaction, "NOTIFY", ""},
		{"no reaction, and a fetch heals it", func(s *site) {
			s.fetch(desk, cfg1)
			s.sync(changed)
			s.settled()
			s.PhoneTold(mac1, Notice{At: s.now().Add(-time.Hour), Until: s.now().Add(-time.Minute)})
			s.fetch(desk, cfg1)
		}, UpToDate, "", ""},
		{"its file is no more in the profile", func(s *site) {
			s.fetch(desk, cfg1)
			s.fetch(desk, dir1)
			s.syncFiles(map[string]string{"users.conf": changed, "phoneprov.conf": strings.Replace(phoneprovConf, "${MAC}.cfg => t.cfg\n", "", 1)})
		}, UpToDate, "", NeverFetched},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, twoPhones, nil)
				s.settled()
				row.do(s)
				p := s.wantState(mac1, row.want)
				if !strings.Contains(p.Reason, row.reason) || row.reason == "" && p.Reason != "" {
					t.Errorf("got reason %q, want %q", p.Reason, row.reason)
				}
				want := row.file
				if want == "" {
					want = row.want
				}
				if i := slices.IndexFunc(p.Files, func(f File) bool { return f.Name == cfg1 }); i >= 0 && p.Files[i].State != want {
					t.Errorf("%s: got %q, want %q", cfg1, p.Files[i].State, want)
				}
				if p, _ := s.Phone(mac2); p.State != NeverFetched {
					t.Errorf("the other phone is %q", p.State)
				}
				counts := s.Counts()
				if counts[row.want] != 1+map[bool]int{true: 1}[row.want == NeverFetched] || len(counts) != len(States()) {
					t.Errorf("got counts %v", counts)
				}
				page, err := s.Phones(Query{States: []State{row.want}})
				if err != nil || page.Total != counts[row.want] {
					t.Errorf("the query finds %d, %v", page.Total, err)
				}
			})
		})
	}
}

// fetched returns the answer of a fetch without telling the ledger of it.
func (s *site) fetched(who asks, name string) Answer {
	s.t.Helper()
	snap := s.store.Load()
	a := s.answer(who, name, 200)
	a.Route = snap.Lookup(name)
	d, err := s.renderer.Render(s.t.Context(), snap, a.Route, a.Asked)
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	a.ETag, a.Basis, a.Bytes = d.ETag, d.Basis(snap, a.Route), d.Size
	return a
}

// again1 queues the first phone for comparison.
func (s *site) again1() {
	s.settled()
	s.Ledger.mu.Lock()
	defer s.Ledger.mu.Unlock()
	s.lanes.add(s.phones[mac1], urgent)
}

func TestEachStateIsInTheTable(t *testing.T) {
	seen := map[State]bool{}
	for i, d := range States() {
		if seen[d.State] || !d.State.Valid() || d.Text == "" || !strings.HasSuffix(d.Means, ".") || d.State.Text() != d.Text {
			t.Errorf("%+v", d)
		}
		seen[d.State] = true
		for _, better := range States()[i+1:] {
			if !d.State.Worse(better.State) || better.State.Worse(d.State) {
				t.Errorf("%s is not worse than %s", d.State, better.State)
			}
		}
	}
	for _, s := range []State{NeverFetched, UpToDate, ChangeWaiting, Told, NoReaction, Refused, Failing, Unknown} {
		if !seen[s] {
			t.Errorf("%s has no definition", s)
		}
	}
	if State("well").Valid() || State("well").Text() != "well" {
		t.Error("a word that is no state is one")
	}
}

// TestWantedIsWhatThePhoneWouldGet compares Wanted with Render, for requests of all kinds.
func TestWantedIsWhatThePhoneWouldGet(t *testing.T) {
	t.Parallel()
	for _, who := range []asks{
		desk,
		{"2001:db8::7", "", "[2001:db8::1]:8080", true},
		{"192.0.2.9", "PolycomVVX-VVX_410-UA/5.9.0.9373 (SN:0004F2000001)", "", true},
		{"192.0.2.9", strings.Repeat("x", 200), "pbx", true},
	} {
		s := newSite(t, twoPhones, nil)
		s.fetch(who, cfg1)
		s.fetch(who, dir1)
		s.sync(strings.NewReplacer("first", "other", "Bob", "Bert").Replace(twoPhones))
		p := s.wantState(mac1, ChangeWaiting)
		for _, name := range []string{cfg1, dir1} {
			want := s.fetched(who, name).ETag
			i := slices.IndexFunc(p.Files, func(f File) bool { return f.Name == name })
			if f := p.Files[i]; f.WantedETag != want || f.FetchedETag == want || f.UserAgent != who.agent || f.Address != who.from || f.Host != who.host {
				t.Errorf("%+v: got %+v, want %s", who, f, want)
			}
		}
	}
}

func TestAsteriskWasNeverReached(t *testing.T) {
	s := newSite(t, "", nil)
	if _, err := s.Phones(Query{}); err != nil {
		t.Error(err)
	}
	a := s.answer(desk, cfg1, 503)
	a.Err = "no configuration was read from Asterisk yet"
	s.Served(a)
	if _, ok := s.settled().Phone(mac1); ok {
		t.Error("a phone is known before the first snapshot")
	}
	if n := len(s.Strangers()); n > 0 {
		t.Errorf("%d strangers before the first snapshot", n)
	}
}

func TestBackgroundNeverAsksAsterisk(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	s.fetch(desk, ask1)
	s.settled()
	s.ask = func(context.Context, string) (string, error) {
		t.Error("Asterisk is asked in the background")
		return "", errors.New("no")
	}
	s.sync(changed)
	s.settled()
}

func TestPhoneThatIsGoneAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	s.fetch(desk, cfg1)
	s.settled()
	one, _, _ := strings.Cut(twoPhones, "[6001]")
	_, two, _ := strings.Cut(twoPhones, "[6002]")
	s.sync(one + "[6002]" + two)
	s.settled()
	if n := s.Counts()[UpToDate]; n != 0 {
		t.Errorf("%d phones are up to date", n)
	}
	if p, ok := s.Phone(mac1); !ok || p.Gone == nil {
		t.Errorf("got %+v, %v", p, ok)
	}
	sync := s.Syncs()[0]
	if sync.Removed != 1 || sync.Changes[len(sync.Changes)-1] != (SyncChange{mac1, "", RemovedEvent}) {
		t.Errorf("got %+v", sync)
	}
	s.sync(twoPhones)
	if p := s.wantState(mac1, UpToDate); p.Gone != nil {
		t.Errorf("got %+v", p)
	}
	if sync := s.Syncs()[0]; sync.Added != 1 || sync.Changes[0] != (SyncChange{mac1, "6001", AddedEvent}) {
		t.Errorf("got %+v", sync)
	}
}
