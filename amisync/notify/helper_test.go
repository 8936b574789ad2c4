package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// site is a Notifier with a ledger and an Asterisk that are both fakes of the test.
type site struct {
	*Notifier
	t     *testing.T
	begun time.Time
	log   testkit.Log

	mu         sync.Mutex
	phones     map[string]*ledger.Phone
	comparing  int
	afterStats func() // is called once, after Stats has looked
	updates    chan ledger.Update
	endpoints  map[string]Endpoint
	stale      map[string]Endpoint // what Known returns instead of endpoints
	outbound   string
	err        error // what Reach returns
	notifyErr  error
	sent       []sent
}

// sent is a NOTIFY that the site sent.
type sent struct {
	at    time.Duration // since the start
	event string
	to    Target
}

// run runs test in a bubble of synctest. The Notifier runs until test returns.
func run(t *testing.T, change func(*Options), test func(*site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, change)
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(func() { s.Run(ctx) })
		test(s)
		cancel()
		all.Wait()
	})
}

func newSite(t *testing.T, change func(*Options)) *site {
	s := &site{t: t, begun: time.Now(), phones: map[string]*ledger.Phone{}, updates: make(chan ledger.Update, 1000), endpoints: map[string]Endpoint{}}
	o := Options{
		Mode: Auto, Spread: 20 * time.Second, Rate: 10, BusyLimit: 10 * time.Minute, Limit: 50, Ledger: s, Asterisk: s,
		Log: zerolog.New(&s.log), Jitter: func(most time.Duration) time.Duration { return most / 2 },
	}
	if change != nil {
		change(&o)
	}
	s.Notifier = New(o)
	return s
}

// add adds n registered Snom phones without a waiting change: mac(0), mac(1), ...
func (s *site) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		i := len(s.phones)
		id, endpoint := fmt.Sprintf("%012x", 0x000413000000+i), fmt.Sprint(6000+i)
		s.phones[id] = &ledger.Phone{ID: id, MAC: id, State: ledger.UpToDate, Vendor: "Snom", Model: "D785", Address: "192.0.2.1", Profile: "p",
			Lines: []ledger.Line{{Endpoint: endpoint, Registered: true}}, Files: []ledger.File{{Name: id + ".cfg", State: ledger.UpToDate, WantedETag: "1", FetchedETag: "1"}}}
		s.endpoints[endpoint] = Endpoint{Name: endpoint, Driver: PJSIP, Contacts: []Contact{contact("192.0.2.1", snomUA)}}
	}
}

func mac(i int) string { return fmt.Sprintf("%012x", 0x000413000000+i) }

// change gives phones a new version of their file. Each etag is another change.
func (s *site) change(etag string, which ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range which {
		p := s.phones[mac(i)]
		p.Files[0].WantedETag = etag
		s.judge(p)
	}
	s.update(ledger.Event{Kind: ledger.StateEvent})
}

// judge sets the state of a phone as the ledger does.
func (s *site) judge(p *ledger.Phone) {
	switch {
	case p.Files[0].WantedETag == p.Files[0].FetchedETag:
		p.State, p.Told, p.Untold = ledger.UpToDate, nil, ""
	case p.Told == nil:
		p.State = ledger.ChangeWaiting
	case time.Now().Before(p.Told.Until):
		p.State = ledger.Told
	default:
		p.State = ledger.NoReaction
	}
	p.Files[0].State = p.State
}

// fetch lets phone i fetch its file.
func (s *site) fetch(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[mac(i)]
	p.Files[0].FetchedETag = p.Files[0].WantedETag
	s.judge(p)
	s.update(ledger.Event{Kind: ledger.StateEvent})
}

func (s *site) register(i int, registered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phones[mac(i)].Lines[0].Registered = registered
	s.update(ledger.Event{Kind: ledger.RegisteredEvent})
}

func (s *site) call(i int, up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprint(6000 + i)
	e := s.endpoints[name]
	e.InCall = up
	s.endpoints[name] = e
}

func (s *site) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *site) update(e ledger.Event) {
	select {
	case s.updates <- ledger.Update{Event: &e}:
	default:
	}
}

// pass lets time pass.
func (s *site) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// want compares the NOTIFYs that were sent so far, as "endpoint@seconds event", or with the URI of a contact. Those of the
// same second have no order.
func (s *site) want(want ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []string
	for _, n := range s.sent {
		got = append(got, fmt.Sprintf("%s@%d %s", cmp.Or(n.to.URI, n.to.Endpoint), int(n.at.Seconds()), n.event))
	}
	second := func(sent string) int {
		number, _, _ := strings.Cut(sent[strings.LastIndex(sent, "@")+1:], " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			s.t.Error(err)
		}
		return n
	}
	for _, all := range [][]string{got, want} {
		slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(second(a), second(b)), strings.Compare(a, b)) })
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("sent %q, want %q\n%s", got, want, s.log.String())
	}
}

// wantState compares the state of phone i, and checks that untold is a part of the reason why it is not told.
func (s *site) wantState(i int, state ledger.State, untold string) {
	s.t.Helper()
	p, _ := s.Phone(mac(i))
	if p.State != state || (untold == "") != (p.Untold == "") || !strings.Contains(p.Untold, untold) {
		s.t.Errorf("phone %d is %q, %q, want %q, %q", i, p.State, p.Untold, state, untold)
	}
}

func (s *site) logged(text string) bool { return strings.Contains(s.log.String(), text) }

// Phones implements Ledger.
func (s *site) Phones(q ledger.Query) (page ledger.Page, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps(s.phones)) {
		p := s.phones[id]
		if s.judge(p); id <= q.After || len(q.States) > 0 && !slices.Contains(q.States, p.State) || q.Profile != "" && q.Profile != p.Profile {
			continue
		}
		if len(page.Items) == q.Limit {
			page.Next = page.Items[len(page.Items)-1].ID
			break
		}
		page.Items = append(page.Items, copyOf(p))
	}
	return page, nil
}

func maps(m map[string]*ledger.Phone) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func copyOf(p *ledger.Phone) ledger.Phone {
	c := *p
	c.Files, c.Lines = slices.Clone(p.Files), slices.Clone(p.Lines)
	return c
}

// Phone implements Ledger.
func (s *site) Phone(id string) (ledger.Phone, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[id]
	if p == nil {
		return ledger.Phone{}, false
	}
	s.judge(p)
	return copyOf(p), true
}

// PhoneTold implements Ledger.
func (s *site) PhoneTold(id string, n ledger.Notice) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[id]
	p.Told, p.Untold = &n, ""
	s.judge(p)
	return true
}

// PhoneUntold implements Ledger.
func (s *site) PhoneUntold(id, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phones[id].Untold = why
}

// Stats implements Ledger.
func (s *site) Stats() ledger.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := ledger.Stats{Comparing: s.comparing}
	if f := s.afterStats; f != nil {
		s.afterStats = nil
		f()
	}
	return stats
}

// Subscribe implements Ledger.
func (s *site) Subscribe(...ledger.Kind) (<-chan ledger.Update, func()) { return s.updates, func() {} }

// Known implements Asterisk.
func (s *site) Known(endpoint string) (Endpoint, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.stale[endpoint]; ok {
		return e, ok
	}
	e, ok := s.endpoints[endpoint]
	return e, ok
}

// Reach implements Asterisk.
func (s *site) Reach(_ context.Context, endpoint string) (Endpoint, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.endpoints[endpoint]
	return e, ok, s.err
}

// Notify implements Asterisk.
func (s *site) Notify(_ context.Context, to Target, event string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.notifyErr != nil {
		return "", s.notifyErr
	}
	s.sent = append(s.sent, sent{time.Since(s.begun), event, to})
	return "NOTIFY sent", nil
}

// Outbound implements Asterisk.
func (s *site) Outbound() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outbound
}
