package ledger

import (
	"strings"
	"time"
	"unique"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// phone returns the phone of an ID, or of a MAC in any spelling. It returns nil if there is none.
func (l *Ledger) phone(id string) *phone {
	if p := l.phones[id]; p != nil {
		return p
	}
	if mac, err := device.ParseMAC(id); err == nil {
		return l.phones[mac.String()]
	}
	return nil
}

// Phone returns the phone of an ID, or of a MAC in any spelling. It returns false if there is none.
func (l *Ledger) Phone(id string) (Phone, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p := l.phone(id)
	if p == nil {
		return Phone{}, false
	}
	return l.shown(p), true
}

// History returns the last events of a phone, the newest first.
func (l *Ledger) History(id string) ([]Event, error) {
	l.mu.RLock()
	p := l.phone(id)
	var events []Event
	if p != nil {
		for _, list := range [][]Event{l.unsaved.committing, l.unsaved.events} {
			for _, e := range list {
				if e.Phone == p.id {
					events = append([]Event{e}, events...)
				}
			}
		}
	}
	oldest := l.now().Add(-MaxHistoryAge)
	l.mu.RUnlock()
	if p == nil {
		return nil, nil
	}
	kept, err := l.store.History(p.id)
	for _, e := range kept {
		if e.At.After(oldest) && !contains(events, e) {
			events = append(events, e)
		}
	}
	return events[:min(len(events), MaxHistory)], err
}

// contains reports whether events has e. An event of the running commit may already be in the store.
func contains(events []Event, e Event) bool {
	for _, other := range events {
		if other.Kind == e.Kind && other.At.Equal(e.At) && other.File == e.File && other.To == e.To && other.Detail == e.Detail {
			return true
		}
	}
	return false
}

// shown returns a phone for display.
func (l *Ledger) shown(p *phone) Phone {
	s := Phone{
		ID: p.id, State: p.shownState(), Since: p.since.shown(), Reason: l.phoneReason(p), Gone: p.gone.shown(), Told: p.told, Untold: l.untold[p], Refusal: p.refusal,
		Lines: []Line{}, Files: []File{}, PeersKnown: l.o.Peer != nil,
	}
	if p.mac != (device.MAC{}) {
		s.MAC = p.mac.String()
	}
	from := device.ParseUserAgent(p.userAgent())
	s.Vendor, s.Model, s.Firmware = from.Vendor, from.Model, from.Firmware
	if last := p.lastFetch(); last != nil {
		s.LastFetch, s.Address = last.fetchedAt.shown(), last.addressText()
	}
	var of *provision.Phone
	if l.served != nil {
		of = l.served.Phone(p.id)
	}
	asked := map[string]bool{}
	for i := range p.files {
		if f := &p.files[i]; !f.is(gone) {
			s.Files = append(s.Files, l.shownFile(p, f))
			asked[s.Files[len(s.Files)-1].Name] = true
		}
	}
	if of != nil {
		s.Name, s.Profile, s.PBX = strings.Clone(of.Name()), of.Profile.Name, l.pbxOf(of)
		for _, line := range of.Lines {
			s.Lines = append(s.Lines, l.shownLine(s.PBX, line))
		}
		for _, rt := range l.served.PhoneRoutes(of) {
			if rt.Owner == of && !asked[rt.URI] {
				s.Files = append(s.Files, File{Name: strings.Clone(rt.URI), State: NeverFetched})
			}
		}
	}
	s.Evidence = l.evidence(p, s.Lines, l.o.Peer != nil)
	return s
}

func (l *Ledger) shownFile(p *phone, f *file) File {
	s := File{
		Name: p.fileName(f), State: f.shownState(), Since: f.since.shown(), Reason: l.reason(p, f), FetchedETag: f.fetched.String(),
		FetchedAt: f.fetchedAt.shown(), Status: int(f.status), Bytes: f.bytes, RequestedAt: f.requestedAt.shown(), Address: f.addressText(),
	}
	if f.is(hasWanted) {
		s.WantedETag = f.wanted.String()
	}
	if f.facts != (unique.Handle[facts]{}) {
		k := f.facts.Value()
		s.Scheme, s.TLS, s.Over, s.Host, s.UserAgent = k.scheme, k.tls, k.over, k.host, restoreID(k.userAgent, p.id)
	}
	if f.trouble != nil {
		s.Refusal, s.Failure = f.trouble.refusal, f.trouble.failure
	}
	return s
}

func (l *Ledger) shownLine(pbx string, of *provision.Line) Line {
	line := Line{Name: strings.Clone(of.Username()), DisplayName: strings.Clone(of.DisplayName()), Endpoint: strings.Clone(of.Endpoint())}
	if line.Name == "" {
		line.Name = line.Endpoint
	}
	if l.o.Peer == nil {
		return line
	}
	peer, ok := l.o.Peer(pbx, line.Endpoint)
	if !ok {
		return line
	}
	line.Registered, line.Contact, line.Address = peer.Registered, peer.Contact, peer.Address
	line.UserAgent, line.Detail = peer.UserAgent, peer.Detail
	line.RegisteredSince, line.RegisteredAt = shownTime(peer.RegisteredSince), shownTime(peer.RegisteredAt)
	if peer.RoundTrip >= 0 {
		ms := float64(peer.RoundTrip.Microseconds()) / 1000
		line.RoundTripMS = &ms
	}
	return line
}

func shownTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Requests returns the last requests, the newest first.
func (l *Ledger) Requests() []Request {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.requests.newest()
}

// Counts returns the number of phones by shown state. Every state has a number.
func (l *Ledger) Counts() map[State]int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.stateCounts()
}

// CountsOf returns the number of phones of one of several Asterisks by shown state. Every state has a number.
func (l *Ledger) CountsOf(pbx string) map[State]int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	counts := map[State]int{}
	for _, d := range definitions {
		counts[d.State] = 0
	}
	for _, p := range l.order {
		if p.counted == 0 || l.served == nil {
			continue
		}
		if of := l.served.Phone(p.id); of != nil && of.PBX() == pbx {
			counts[definitions[p.counted-1].State]++
		}
	}
	return counts
}

func (l *Ledger) stateCounts() map[State]int {
	counts := make(map[State]int, len(definitions))
	for i, d := range definitions {
		counts[d.State] = l.counts[i]
	}
	return counts
}

// Stats describes the Ledger itself.
func (l *Ledger) Stats() Stats {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.stats
	s.Queued, s.Dropped, _ = l.queue.state()
	s.Comparing, s.Unsaved, s.Lost, s.StoreBytes = l.lanes.waiting(), len(l.unsaved.phones), l.unsaved.lost, l.store.Size()
	for _, n := range l.counts {
		s.Phones += n
	}
	return s
}
