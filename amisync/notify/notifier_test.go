package notify

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const told = "check-sync;reboot=false"

func TestOnlyThePhoneThatChangedIsTold(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(3)
		s.change("2", 1)
		s.pass(9 * time.Second)
		s.want()
		s.pass(2 * time.Second)
		s.want("6001@10 " + told)
		s.wantState(1, ledger.Told, "")
		p, _ := s.Phone(mac(1))
		if n := p.Told; n.How != "NOTIFY check-sync;reboot=false to pjsip endpoint 6001" || n.Answer != "NOTIFY sent" || n.Tries != 1 {
			t.Errorf("got %+v", n)
		}
		s.fetch(1)
		s.pass(time.Hour)
		s.want("6001@10 " + told)
		s.wantState(1, ledger.UpToDate, "")
	})
}

func TestOneRetryThenNoReaction(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(1)
		s.change("2", 0)
		s.pass(80 * time.Second) // told at 10 s; it has a minute to fetch
		s.want("6000@10 "+told, "6000@70 "+told)
		s.wantState(0, ledger.Told, "")
		s.pass(time.Hour)
		s.want("6000@10 "+told, "6000@70 "+told)
		s.wantState(0, ledger.NoReaction, "")
		p, _ := s.Phone(mac(0))
		if n := p.Told; n.Tries != 2 || n.How != "NOTIFY check-sync;reboot=false to pjsip endpoint 6000, and once before" {
			t.Errorf("got %+v", n)
		}
		if !s.logged("has not fetched them") {
			t.Error("no log of it")
		}
		s.register(0, false) // a phone that registers anew is not told again: if it rebooted on NOTIFY, it would reboot forever
		s.register(0, true)
		s.pass(time.Hour)
		s.want("6000@10 "+told, "6000@70 "+told)
		s.fetch(0)
		s.pass(time.Minute)
		s.wantState(0, ledger.UpToDate, "")
		s.set(func() { s.sent, s.begun = nil, time.Now() })
		s.change("3", 0)
		s.pass(time.Minute)
		s.want("6000@10 " + told)
	})
}

func TestAnotherChangeIsTold(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(2)
		s.change("2", 0, 1)
		s.pass(15 * time.Second)
		s.want("6000@10 "+told, "6001@10 "+told)
		s.change("3", 0) // phone 0 still has time, and can fetch both changes
		s.pass(46 * time.Second)
		s.want("6000@10 "+told, "6001@10 "+told)
		s.fetch(1)
		s.pass(10 * time.Minute) // phone 0 is told of change 3 at 70 s and at 130 s
		s.want("6000@10 "+told, "6001@10 "+told, "6000@70 "+told, "6000@130 "+told)
		s.wantState(0, ledger.NoReaction, "")
		s.change("4", 0)
		s.pass(10 * time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sent) != 6 {
			t.Errorf("sent %+v", s.sent)
		}
	})
}

func TestRate(t *testing.T) {
	run(t, func(o *Options) { o.Limit, o.Rate = 0, 20 }, func(s *site) {
		s.add(200)
		var all []int
		for i := range 200 {
			all = append(all, i)
		}
		s.change("2", all...)
		s.pass(30 * time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sent) != 200 {
			t.Fatalf("%d were told", len(s.sent))
		}
		for i := range s.sent {
			if i >= 20 && s.sent[i].at-s.sent[i-20].at < 950*time.Millisecond {
				t.Fatalf("NOTIFY %d and %d are %v apart", i-20, i, s.sent[i].at-s.sent[i-20].at)
			}
		}
		if first, last := s.sent[0].at, s.sent[199].at; first < 10*time.Second || last > 21*time.Second {
			t.Errorf("told from %v to %v", first, last)
		}
	})
}

func TestSpread(t *testing.T) {
	next := time.Duration(0)
	jitter := func(time.Duration) time.Duration { next += 4 * time.Second; return next }
	run(t, func(o *Options) { o.Jitter = jitter }, func(s *site) {
		s.add(3)
		s.change("2", 0, 1, 2)
		s.pass(time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sent) < 3 || s.sent[1].at-s.sent[0].at != 4*time.Second || s.sent[2].at-s.sent[1].at != 4*time.Second {
			t.Errorf("got %+v", s.sent)
		}
	})
}

func TestNotInACall(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(2)
		s.call(0, true)
		s.change("2", 0, 1)
		s.pass(3 * time.Minute)
		s.fetch(1)
		s.wantState(0, ledger.ChangeWaiting, "a call is up on 6000: told when it ends, or at ")
		s.call(0, false)
		s.pass(3 * time.Second)
		s.mu.Lock()
		n := len(s.sent)
		last := s.sent[n-1]
		s.mu.Unlock()
		if last.to.Endpoint != "6000" || last.at > 183*time.Second {
			t.Errorf("got %+v", last)
		}
		s.wantState(0, ledger.Told, "")
	})
}

func TestBusyLimit(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(1)
		s.call(0, true)
		s.change("2", 0)
		s.pass(10*time.Minute + 5*time.Second)
		s.want()
		s.pass(8 * time.Second)
		s.want("6000@610 " + told)
	})
}

func TestCallThatBeganAfterTheLastEvent(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(1)
		s.set(func() { s.stale = map[string]Endpoint{"6000": s.endpoints["6000"]} })
		s.call(0, true)
		s.change("2", 0)
		s.pass(time.Minute)
		s.want()
	})
}

func TestRegistersLater(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(2)
		s.register(0, false)
		s.change("2", 0)
		s.pass(time.Hour)
		s.want()
		s.wantState(0, ledger.ChangeWaiting, "not registered")
		s.register(0, true)
		s.pass(time.Second)
		s.want("6000@3600 " + told)
	})
}

func TestRegistersForTheRetry(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(1)
		s.change("2", 0)
		s.pass(20 * time.Second)
		s.register(0, false)
		s.pass(10 * time.Minute)
		s.want("6000@10 " + told)
		s.wantState(0, ledger.NoReaction, "not registered")
		s.register(0, true)
		s.pass(time.Second)
		s.want("6000@10 "+told, "6000@620 "+told)
		s.wantState(0, ledger.Told, "")
	})
}

func TestLimit(t *testing.T) {
	run(t, func(o *Options) { o.Limit = 2 }, func(s *site) {
		s.add(4)
		s.change("2", 0, 1, 2)
		s.pass(time.Hour)
		s.want()
		s.wantState(1, ledger.ChangeWaiting, "phoneprov notify --confirm")
		if s.Held() != 3 || !s.logged("touches more phones than resync.limit") {
			t.Errorf("held %d: %s", s.Held(), s.log.String())
		}
		s.change("2", 3) // phone 3 joins the held phones
		s.fetch(0)       // fewer phones wait, and the others stay held
		s.fetch(1)
		s.pass(time.Minute)
		s.want()
		if _, err := s.ByHand(context.Background(), Request{Confirm: true, DryRun: true}); err != nil || s.Held() != 2 {
			t.Errorf("got %v, %d held", err, s.Held())
		}
		r, err := s.ByHand(context.Background(), Request{Confirm: true})
		if err != nil || r.Confirmed != 2 {
			t.Errorf("got %+v, %v", r, err)
		}
		s.pass(30 * time.Second)
		s.mu.Lock()
		if len(s.sent) != 2 {
			t.Errorf("got %+v", s.sent)
		}
		s.mu.Unlock()
		if _, err := s.ByHand(context.Background(), Request{Confirm: true}); !errors.Is(err, ErrNotHeld) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLimitCountsAllOfAChange(t *testing.T) {
	run(t, func(o *Options) { o.Limit = 2 }, func(s *site) {
		s.add(3)
		s.set(func() { s.comparing = 2 })
		s.change("2", 0) // the ledger compares one phone after the other
		s.pass(10 * time.Second)
		s.change("2", 1)
		s.pass(10 * time.Second)
		s.set(func() { // at once: the Notifier must see both or none
			s.comparing = 0
			s.phones[mac(2)].Files[0].WantedETag = "2"
		})
		s.change("2", 2)
		s.pass(10 * time.Minute)
		s.want()
		if s.Held() != 3 {
			t.Errorf("%d are held", s.Held())
		}
	})
}

// A comparison that begins while the Notifier reads the phones shows it a part of the change only.
func TestLimitCountsAChangeThatBeginsDuringAScan(t *testing.T) {
	run(t, func(o *Options) { o.Limit = 2 }, func(s *site) {
		s.add(3)
		s.pass(time.Second)
		s.set(func() {
			s.afterStats = func() { s.comparing, s.phones[mac(0)].Files[0].WantedETag = 2, "2" }
		})
		s.change("1", 1) // has the Notifier look
		s.pass(10 * time.Second)
		s.set(func() {
			s.comparing = 0
			s.phones[mac(2)].Files[0].WantedETag = "2"
		})
		s.change("2", 1, 2)
		s.pass(10 * time.Minute)
		s.want()
		if s.Held() != 3 {
			t.Errorf("%d are held", s.Held())
		}
	})
}

func TestModeLog(t *testing.T) {
	run(t, func(o *Options) { o.Mode = Log }, func(s *site) {
		s.add(2)
		s.change("2", 0)
		s.pass(time.Hour)
		s.want()
		s.wantState(0, ledger.ChangeWaiting, "would be told with NOTIFY check-sync;reboot=false to pjsip endpoint 6000")
		if !s.logged("would be told with NOTIFY") {
			t.Error(s.log.String())
		}
	})
}

func TestModeOff(t *testing.T) {
	run(t, func(o *Options) { o.Mode = Off }, func(s *site) {
		s.add(2)
		s.change("2", 0)
		s.pass(time.Hour)
		s.want()
		s.wantState(0, ledger.ChangeWaiting, "")
		if _, err := s.ByHand(context.Background(), Request{Phones: []string{mac(0)}}); err != nil {
			t.Error(err)
		}
		s.pass(70 * time.Second)
		s.want("6000@3600 "+told, "6000@3660 "+told)
	})
}

func TestCannotBeSingledOut(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(1)
		s.set(func() {
			s.endpoints["6000"] = Endpoint{Name: "6000", Driver: PJSIP, Contacts: []Contact{contact("192.0.2.1", ""), contact("192.0.2.2", "")}}
		})
		s.change("2", 0)
		s.pass(5 * time.Minute)
		s.want()
		s.wantState(0, ledger.ChangeWaiting, "cannot be singled out: 6000 has 2 contacts; name an endpoint in default_outbound_endpoint")
		s.set(func() { s.outbound = "out" })
		s.pass(61 * time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sent) != 1 || s.sent[0].to.URI != "sip:6001@192.0.2.1:5060" {
			t.Errorf("got %+v", s.sent)
		}
	})
}

func TestByHand(t *testing.T) {
	run(t, func(o *Options) { o.Limit = 2 }, func(s *site) {
		s.add(4)
		s.set(func() { s.phones[mac(3)].Profile = "other" })
		s.register(1, false)
		s.set(func() { s.endpoints["6001"] = Endpoint{Name: "6001", Driver: PJSIP} })
		s.change("2", 2)
		for _, tt := range []struct {
			name  string
			r     Request
			total int
			told  int
			err   error
		}{
			{"nobody", Request{}, 0, 0, ErrNobody},
			{"both", Request{Phones: []string{mac(0)}, All: true}, 0, 0, errOneOrAll},
			{"unknown", Request{Phones: []string{"000000000000"}}, 0, 0, ErrNoPhone},
			{"too many", Request{All: true}, 0, 0, ErrTooMany},
			{"all, dry", Request{All: true, DryRun: true}, 4, 3, nil},
			{"not registered", Request{Phones: []string{mac(1)}}, 1, 0, nil},
			{"by profile", Request{Profile: "other"}, 1, 1, nil},
			{"by state, dry", Request{States: []ledger.State{ledger.ChangeWaiting}, DryRun: true}, 1, 1, nil},
			{"up to date, twice named", Request{Phones: []string{mac(0), mac(0)}, Reboot: true}, 1, 1, nil},
		} {
			r, err := s.ByHand(context.Background(), tt.r)
			if !errors.Is(err, tt.err) || r.Total != tt.total || r.Told != tt.told {
				t.Errorf("%s: got %+v, %v", tt.name, r, err)
			}
		}
		s.pass(5 * time.Second)
		s.want("6003@0 "+told, "6000@0 check-sync;reboot=true")
		s.pass(2 * time.Minute) // phones that were up to date are not told again
		s.want("6003@0 "+told, "6000@0 check-sync;reboot=true", "6002@10 "+told, "6002@70 "+told)
	})
}
