package ledger

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// PeerChanged tells the Ledger that an endpoint changed: it registered, registered again, moved or unregistered.
func (l *Ledger) PeerChanged(peer Peer) {
	l.tell(func(l *Ledger) { l.peerChanged(peer) })
}

func (l *Ledger) peerChanged(peer Peer) {
	p := l.endpoints[endpointKey(peer.PBX, peer.Endpoint)]
	if p == nil {
		return
	}
	had := p.contact(peer.Endpoint)
	if !peer.Registered {
		l.unregistered(p, peer, had)
		return
	}
	at := peer.RegisteredAt
	if at.IsZero() {
		at = l.now()
	}
	last := p.lastFetch()
	sinceFetch := last != nil && p.registeredAt <= last.fetchedAt && momentOf(at) > last.fetchedAt
	if had != peer.Contact || p.registeredAt == 0 || sinceFetch {
		l.happened(p, Event{At: at, Kind: RegisteredEvent, Detail: peer.Endpoint, Address: peer.Address})
	}
	p.setContact(peer.Endpoint, peer.Contact)
	if m := momentOf(at); m > p.registeredAt || p.registeredAt > momentOf(l.now()) { // the clock may have gone back
		p.registeredAt = m
	}
	l.unsaved.add(p)
}

func (l *Ledger) unregistered(p *phone, peer Peer, had string) {
	if had != "" {
		p.setContact(peer.Endpoint, "")
		l.happened(p, Event{At: l.now(), Kind: UnregisteredEvent, Detail: peer.Endpoint, Address: peer.Address})
	}
}

// PeersRead tells the Ledger that Options.Peer knows the peers of an Asterisk now; pbx is its Phone.PBX. The Ledger
// compares them with what it knew before phoneprov started. What changed since becomes an event of now: nobody knows
// when it happened.
func (l *Ledger) PeersRead(pbx string) {
	l.tell(func(l *Ledger) {
		l.peersRead = append(l.peersRead, pbx)
		l.comparePeers()
	})
}

// comparePeers does what PeersRead says, for the Asterisks whose configuration is known.
func (l *Ledger) comparePeers() {
	if len(l.peersRead) == 0 || l.served == nil || l.o.Peer == nil {
		return
	}
	var waiting, now []string
	for _, pbx := range l.peersRead {
		if slices.Contains(l.served.Missing, pbx) {
			waiting = append(waiting, pbx)
		} else {
			now = append(now, pbx)
		}
	}
	l.peersRead = waiting
	for _, of := range l.served.Phones() {
		pbx := l.pbxOf(of)
		if !slices.Contains(now, pbx) {
			continue
		}
		p := l.phoneOf(of)
		for _, line := range of.Lines {
			if peer, ok := l.o.Peer(pbx, line.Endpoint()); ok {
				l.comparePeer(p, peer)
			}
		}
	}
}

func (l *Ledger) comparePeer(p *phone, peer Peer) {
	had := p.contact(peer.Endpoint)
	switch {
	case !peer.Registered:
		l.unregistered(p, peer, had)
	case had != peer.Contact:
		if p.registeredAt != 0 { // otherwise the phone is seen for the first time, and may have been registered for days
			l.happened(p, Event{At: l.now(), Kind: RegisteredEvent, Detail: peer.Endpoint, Address: peer.Address})
		}
		p.setContact(peer.Endpoint, peer.Contact)
		l.unsaved.add(p)
	}
}

// contactSeparator separates an endpoint from its contact in phone.contacts. Neither can contain it.
const contactSeparator = "\t"

// contact returns the contact of an endpoint's last registration, or "" if it is not registered.
func (p *phone) contact(endpoint string) string {
	for line := range strings.Lines(p.contacts) {
		if of, contact, ok := strings.Cut(strings.TrimSuffix(line, "\n"), contactSeparator); of == endpoint || !ok {
			return cmp.Or(contact, of)
		}
	}
	return ""
}

// setContact sets the contact of an endpoint. An empty contact means that it is not registered.
func (p *phone) setContact(endpoint, contact string) {
	var b strings.Builder
	for line := range strings.Lines(p.contacts) {
		if of, _, ok := strings.Cut(line, contactSeparator); ok && of != endpoint {
			b.WriteString(line)
		}
	}
	if contact != "" {
		b.WriteString(endpoint + contactSeparator + contact + "\n")
	}
	p.contacts = b.String()
}

// PhoneTold tells the Ledger that a phone was told to fetch its files. It returns false if the configuration has no such
// phone.
func (l *Ledger) PhoneTold(id string, n Notice) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.phone(id)
	if p == nil || !p.served {
		return false
	}
	p.told = &n
	l.told[p] = true
	delete(l.untold, p)
	l.happened(p, Event{At: n.At, Kind: ToldEvent, Detail: n.How})
	l.changed(p)
	return true
}

// PhoneUntold tells the Ledger why a phone with a waiting change is not told of it. An empty why means that nothing
// prevents it any more. The Ledger shows why with the phone's state. It holds why in memory only, and drops it when no
// change waits.
func (l *Ledger) PhoneUntold(id, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.phone(id)
	switch {
	case p == nil || !p.served:
	case why == "" || !p.worstState().waits():
		delete(l.untold, p)
	default:
		l.untold[p] = clip(why)
	}
}

// evidence returns what Asterisk sees of a phone. lines are the phone's lines for display. known is false if the Ledger
// does not know Asterisk's peers.
func (l *Ledger) evidence(p *phone, lines []Line, known bool) Evidence {
	e := Evidence{Oddities: []string{}}
	var registeredAt moment
	registered, seen := 0, 0
	var sip device.Device
	for _, line := range lines {
		if line.Detail != "" || line.Registered {
			seen++
		}
		if !line.Registered {
			continue
		}
		registered++
		if line.RegisteredAt != nil {
			registeredAt = max(registeredAt, momentOf(*line.RegisteredAt))
		}
		if sip.Vendor == "" {
			sip = device.ParseUserAgent(line.UserAgent)
		}
	}
	if !known {
		return e
	}
	e.Registered = registered > 0 && registered == seen
	e.Vendor, e.Model, e.Firmware = sip.Vendor, sip.Model, sip.Firmware
	last := p.lastFetch()
	if registered > 0 && registeredAt == 0 && last != nil && p.registeredAt > last.fetchedAt {
		registeredAt = p.registeredAt // it was known before phoneprov started
	}
	if last != nil && (registered == 0 || registeredAt != 0) {
		since := registered > 0 && registeredAt > last.fetchedAt
		e.RegisteredSinceFetch = &since
	}
	if registered > 0 {
		e.odd(p, last, lines, registeredAt)
	}
	return e
}

// odd adds a sentence for each contradiction between the facts of a phone.
func (e *Evidence) odd(p *phone, last *file, lines []Line, registeredAt moment) {
	if last != nil {
		from := last.addr()
		for _, line := range lines {
			contact, err := netip.ParseAddr(line.Address)
			if err == nil && line.Registered && from.IsValid() && contact.Unmap() != from {
				e.Oddities = append(e.Oddities, fmt.Sprintf("line %s registers from %s, and the phone fetched from %s", line.Name, contact, from))
				break
			}
		}
	}
	if p.secretChanged != 0 && registeredAt != 0 && registeredAt < p.secretChanged {
		e.Oddities = append(e.Oddities, fmt.Sprintf("a secret was changed at %s, and the phone is still registered from before",
			p.secretChanged.time().Format(time.RFC3339)))
	}
	fetched := device.ParseUserAgent(p.userAgent())
	if fetched.Model != "" && e.Model != "" && (fetched.Vendor != e.Vendor || fetched.Model != e.Model) {
		e.Oddities = append(e.Oddities, fmt.Sprintf("over SIP it says that it is a %s %s, and over HTTP a %s %s", e.Vendor, e.Model, fetched.Vendor, fetched.Model))
	}
}
