package amisync

import (
	"context"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// contactsShare bounds how often contacts are read: reading takes at most a twentieth of the time.
const contactsShare = 20

// tell passes peers that registered or unregistered to Options.PeerChanged.
func (s *Service) tell(changed []Peer) {
	if s.o.PeerChanged == nil {
		return
	}
	for _, p := range changed {
		s.o.PeerChanged(p)
	}
}

// contactsGather is how long followContacts waits after an event of a new contact: phones register in bursts.
const contactsGather = time.Second

// followContacts reads the contacts of PJSIP from time to time. Asterisk sends an event when a contact comes or goes,
// but none when its registration is renewed (measured on 16 and 22). The event lacks the User-Agent and the end of the
// registration, so followContacts also reads soon after one.
func (s *Service) followContacts(ctx context.Context) {
	var least time.Duration // until the next reading, by contactsShare
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(s.o.Timing.Contacts, least)):
		case <-s.newContact:
			if !pause(ctx, max(contactsGather, least)) {
				return
			}
		}
		begun := time.Now()
		if c, err := s.link.conn(); err == nil && s.served() != nil {
			s.readContacts(ctx, c)
		}
		least = contactsShare * time.Since(begun)
	}
}

// readContactsSoon has followContacts read if a changed peer has a contact that was not in a list yet.
func (s *Service) readContactsSoon(changed []Peer) {
	for _, p := range changed {
		if slices.ContainsFunc(p.Contacts, func(c Contact) bool { return c.Expires.IsZero() && c.Status != "" }) {
			select {
			case s.newContact <- struct{}{}:
			default: // it will read already
			}
		}
	}
}

// readContacts updates the known contacts. If the list cannot be read, it returns silently: the next sync reports the
// failure.
func (s *Service) readContacts(ctx context.Context, c *ami.Conn) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timing.Sync)
	defer cancel()
	begun := time.Now()
	contacts, err := askIfLoaded(ctx, c, "PJSIPShowContacts")
	if err == nil && len(contacts) > 0 {
		s.tell(s.peers.renew(contacts, begun, time.Now()))
	}
}

// renew applies the answer of PJSIPShowContacts to known contacts, and returns the peers that registered again.
func (s *peerSet) renew(contacts []ami.Message, begun, now time.Time) (changed []Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range contacts {
		p := s.find(string(PJSIP), m["Endpoint"])
		if p == nil {
			continue
		}
		i := slices.IndexFunc(p.Contacts, func(c Contact) bool { return c.URI == m["Uri"] })
		if i < 0 {
			continue // an event reported that it is gone, or will report that it came
		}
		next := contactOf(m["Uri"], m)
		again := next.follow(p.Contacts[i], s.readAt, now)
		p.Contacts = slices.Clone(p.Contacts)
		if p.Contacts[i] = next; again {
			changed = append(changed, *p)
		}
	}
	s.readAt = begun
	return changed
}

// follow copies the times of registrations from the list before to the new one, and returns the peers that registered or
// unregistered since.
func (s *peerSet) follow(before []Peer, now time.Time) (changed []Peer) {
	for i := range s.peers {
		p := &s.peers[i]
		old := findPeer(before, string(p.Kind), p.Name)
		if old == nil {
			old = &Peer{}
		}
		news := false
		if p.Kind != PJSIP {
			if p.Address != "" && p.Address == old.Address {
				p.Since, p.RegisteredAt = old.Since, old.RegisteredAt
			}
			news = p.Address != old.Address
		}
		for j := range p.Contacts {
			c := &p.Contacts[j]
			k := slices.IndexFunc(old.Contacts, func(o Contact) bool { return o.URI == c.URI })
			if k >= 0 {
				news = c.follow(old.Contacts[k], s.readAt, now) || news
			} else {
				c.Since, c.RegisteredAt, news = s.readAt, s.readAt, true // it came since the last list, without an event
			}
		}
		if news || len(p.Contacts) != len(old.Contacts) {
			changed = append(changed, *p)
		}
	}
	return changed
}

// follow copies a contact's known times, and reports whether it registered again since. The time of the new
// registration follows from the length of the one before, if that is known. Otherwise it is the time of the last
// reading.
func (c *Contact) follow(old Contact, readAt, now time.Time) (again bool) {
	c.Since, c.RegisteredAt = old.Since, old.RegisteredAt
	if c.Expires.IsZero() || old.Expires.IsZero() || !c.Expires.After(old.Expires) {
		return false
	}
	at := readAt
	if at.Before(old.RegisteredAt) { // an event came during that reading
		at = old.RegisteredAt
	}
	if !old.RegisteredAt.IsZero() {
		if lasts := old.Expires.Sub(old.RegisteredAt); lasts > 0 && c.Expires.Add(-lasts).After(at) && c.Expires.Add(-lasts).Before(now) {
			at = c.Expires.Add(-lasts)
		}
	}
	c.RegisteredAt = at
	return true
}

// named returns the peer of a name: the PJSIP peer, else the chan_sip peer.
func (s *peerSet) named(name string) (Peer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range []Kind{PJSIP, SIP} {
		if p := s.find(string(kind), name); p != nil {
			return *p, true
		}
	}
	return Peer{}, false
}
