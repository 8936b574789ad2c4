package ledger

import (
	"strings"
	"testing"
)

func TestPhoneBecomesUpToDateAndWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoPhones, nil)
	s.wantState(mac1, NeverFetched)
	s.fetch(desk, mac1+".cfg")
	p := s.wantState(mac1, UpToDate)
	if p.Address != desk.from || p.Vendor != "Yealink" || p.Model != "T46S" || p.LastFetch == nil {
		t.Errorf("got %+v", p)
	}
	s.sync(strings.Replace(twoPhones, "secret = first", "secret = other", 1))
	p = s.wantState(mac1, ChangeWaiting)
	if p.Reason != mac1+".cfg" {
		t.Errorf("got reason %q", p.Reason)
	}
	s.fetch(desk, mac1+".cfg")
	s.wantState(mac1, UpToDate)
	s.wantState(mac2, NeverFetched)
}
