package notify

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// away is an Asterisk that cannot be asked.
type away struct{ *site }

func (away) Reach(context.Context, string) (Endpoint, bool, error) {
	return Endpoint{}, false, fmt.Errorf("%w: connection refused", ErrUnreachable)
}

// An Asterisk that is down does not delay the phones of another, and each phone is told through its own one, also where
// both have the same endpoint.
func TestOneOfSeveralIsAway(t *testing.T) {
	west := &site{endpoints: map[string]Endpoint{}}
	run(t, func(o *Options) {
		west.begun, o.Limit = time.Now(), 0
		o.PBXs = map[string]Asterisk{"east": away{o.Ledger.(*site)}, "west": west}
		o.Shared = func(pbx, _ string) bool { return pbx == "north" }
	}, func(s *site) {
		const phones = 40
		s.add(2 * phones)
		var all []int
		s.set(func() {
			for i := range 2 * phones {
				p := s.phones[mac(i)]
				if p.PBX = "east"; i%2 == 1 {
					p.PBX = "west"
					west.endpoints[fmt.Sprint(6000+i)] = Endpoint{Name: fmt.Sprint(6000 + i), Driver: PJSIP, Contacts: []Contact{contact("192.0.2.1", snomUA)}}
				}
				if i%2 == 0 || i < phones {
					all = append(all, i)
				}
			}
		})
		s.change("2", all...)
		s.pass(40 * time.Second)
		west.mu.Lock()
		if len(west.sent) != phones/2 {
			t.Errorf("%d phones of the Asterisk that runs were told, want %d", len(west.sent), phones/2)
		}
		west.mu.Unlock()
		s.want() // nobody of the other one
		s.wantState(0, ledger.ChangeWaiting, "connection refused")
		s.wantState(1, ledger.Told, "")
	})
}

func TestDeniedByOneOfSeveral(t *testing.T) {
	west := &site{endpoints: map[string]Endpoint{"6001": {Name: "6001", Driver: PJSIP, Contacts: []Contact{contact("192.0.2.1", snomUA)}}}}
	run(t, func(o *Options) {
		west.begun, west.notifyErr = time.Now(), fmt.Errorf("%w: user", ErrDenied)
		o.PBXs = map[string]Asterisk{"east": o.Ledger.(*site), "west": west}
	}, func(s *site) {
		s.add(2)
		s.set(func() { s.phones[mac(0)].PBX, s.phones[mac(1)].PBX = "east", "west" })
		s.change("2", 0, 1)
		s.pass(45 * time.Second)
		s.wantState(0, ledger.Told, "")
		s.wantState(1, ledger.ChangeWaiting, "does not permit")
		if s.Denied("west") == "" || s.Denied("east") != "" || !s.logged(`"pbx":"west"`) {
			t.Errorf("got %q and %q", s.Denied("west"), s.Denied("east"))
		}
		one, err := s.ByHand(t.Context(), Request{Phones: []string{mac(0), mac(1)}, DryRun: true})
		if err != nil || one.Told != 2 {
			t.Errorf("got %+v, %v", one, err)
		}
	})
}
