package notify

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestAsteriskIsAway(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(2)
		s.set(func() { s.err = fmt.Errorf("%w: connection refused", ErrUnreachable) })
		s.change("2", 0, 1)
		s.pass(time.Minute)
		s.want()
		s.set(func() { s.err = nil })
		s.pass(12 * time.Second)
		s.mu.Lock()
		if len(s.sent) != 2 {
			t.Errorf("got %+v", s.sent)
		}
		s.err = fmt.Errorf("%w: connection refused", ErrUnreachable) // after the NOTIFYs, before the fetch
		s.mu.Unlock()
		s.fetch(0)
		s.pass(10 * time.Minute)
		s.wantState(0, ledger.UpToDate, "")
		s.wantState(1, ledger.NoReaction, "connection refused")
		s.set(func() { s.err = nil })
		s.pass(10 * time.Second)
		s.wantState(1, ledger.Told, "")
	})
}

func TestNoRightToNotify(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(2)
		s.set(func() { s.notifyErr = fmt.Errorf("%w: user %q", ErrDenied, "phoneprov") })
		s.change("2", 0)
		s.pass(30 * time.Second)
		s.wantState(0, ledger.ChangeWaiting, "asterisk does not permit it")
		if s.Denied("") == "" || !s.logged("does not permit") {
			t.Errorf("denied %q: %s", s.Denied(""), s.log.String())
		}
		s.set(func() { s.notifyErr = nil })
		s.pass(5 * time.Minute)
		s.wantState(0, ledger.NoReaction, "")
		if s.Denied("") != "" {
			t.Errorf("denied %q", s.Denied(""))
		}
	})
}

func TestAnswerIsLost(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(1)
		s.set(func() { s.notifyErr = errors.New("asterisk closed the connection") })
		s.change("2", 0)
		s.pass(30 * time.Second) // Asterisk may have sent the NOTIFY, so it counts
		p, _ := s.Phone(mac(0))
		if p.State != ledger.Told || p.Told.Answer != "asterisk closed the connection" {
			t.Errorf("got %+v", p)
		}
	})
}

func TestRestart(t *testing.T) {
	run(t, nil, func(s *site) {
		s.add(3)
		now := time.Now()
		notice := ledger.Notice{At: now, Until: now.Add(100 * time.Second), Tries: 2, Change: "older=one;"}
		s.set(func() { // at once: the Notifier must see no change without its notice
			p, q := s.phones[mac(0)], s.phones[mac(1)]
			p.Files[0].WantedETag, q.Files[0].WantedETag = "2", "2"
			s.judge(p) // so that the files have the states that the text of a change is made of
			p.Told = &ledger.Notice{At: now, Until: notice.Until, Tries: 1, Change: filesOf(p).text()}
			q.Told = &notice
			s.judge(p)
			s.judge(q)
			s.update(ledger.Event{Kind: ledger.StateEvent})
		})
		s.pass(5 * time.Second)
		s.want()
		s.pass(5 * time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		var at []string
		for _, n := range s.sent {
			at = append(at, fmt.Sprintf("%s@%d", n.to.Endpoint, int(n.at.Seconds())))
		}
		// phone 0 gets its second try; phone 1 gets two, because its change is newer than its notice
		if fmt.Sprint(at) != "[6000@90 6001@90 6001@150]" {
			t.Errorf("got %v", at)
		}
	})
}
