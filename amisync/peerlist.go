package amisync

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// PeerCount is the number of peers of a kind in a state.
type PeerCount struct {
	Kind  Kind
	State State
	Count int
}

// peerSet has the peers as the last sync read them, changed by the events since. Its methods are short, and may be
// called from any goroutine.
type peerSet struct {
	mu          sync.Mutex
	peers       []Peer    // by kind and name
	begun       time.Time // start of the last read
	readAt      time.Time // start of the read that peers come from
	reading     bool
	missedBytes int
	missed      []missedEvent
}

// missedEvent is an event that came during a read. It may be newer than the list.
type missedEvent struct {
	message ami.Message
	told    bool // a change was reported when it came
}

// begin is called before a list is read. replace is called after it.
func (s *peerSet) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading, s.missed, s.missedBytes, s.begun = true, nil, 0, time.Now()
}

// replace sets the list and returns the peers that registered or unregistered since the last one. first reports the first
// list. If ok is false, the read failed and the old list stays.
func (s *peerSet) replace(peers []Peer, ok bool, now time.Time) (changed []Peer, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok {
		first = s.readAt.IsZero()
		old := s.peers
		s.peers = peers
		for _, m := range s.missed {
			if p := s.change(m.message, now); p != nil && !m.told && first {
				changed = append(changed, *p)
			}
		}
		if !first {
			changed = s.follow(old, now)
		}
		s.readAt = s.begun
	}
	s.reading, s.missed, s.missedBytes = false, nil, 0
	return changed, first
}

// event applies an event to a peer. It returns the peer if it registered or unregistered.
func (s *peerSet) event(m ami.Message, now time.Time) []Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.change(m, now)
	if size := m.Size(); s.reading && len(s.missed) < maxEvents && s.missedBytes+size <= maxEventsBytes {
		s.missed = append(s.missed, missedEvent{m, p != nil})
		s.missedBytes += size
	}
	if p == nil {
		return nil
	}
	return []Peer{*p}
}

// change applies an event to a known peer. It returns the peer if it registered or unregistered. An unknown peer waits
// for the next sync.
func (s *peerSet) change(m ami.Message, now time.Time) *Peer {
	switch m["Event"] {
	case "DeviceStateChange":
		driver, name, _ := strings.Cut(m["Device"], "/")
		if p := s.find(driver, name); p != nil && p.Kind == PJSIP {
			p.State, p.Detail = deviceState(m["State"]), m["State"]
		}
	case "PeerStatus":
		driver, name, _ := strings.Cut(m["Peer"], "/")
		p := s.find(driver, name)
		if p == nil || p.Kind == PJSIP { // DeviceStateChange and ContactStatus say more about these
			return nil
		}
		p.status(m, now)
		return p
	case "ContactStatus":
		if p := s.find("PJSIP", m["EndpointName"]); p != nil {
			had := len(p.Contacts)
			p.Contacts = contactStatus(p.Contacts, m, now)
			if had != len(p.Contacts) {
				return p
			}
		}
	}
	return nil
}

// status applies a PeerStatus to a peer that is not PJSIP. Asterisk sends a PeerStatus for each renewal too.
func (p *Peer) status(m ami.Message, now time.Time) {
	if m["PeerStatus"] == "Registered" {
		if p.Since.IsZero() || p.State == Offline || p.Address != m["Address"] {
			p.Since = now
		}
		p.RegisteredAt = now
	}
	if a := m["Address"]; a != "" {
		p.Address = a
	} else if m["PeerStatus"] == "Unregistered" {
		p.Address, p.Since, p.RegisteredAt, p.RoundTrip = "", time.Time{}, time.Time{}, -1
	}
	p.State, p.Detail = peerState(m["PeerStatus"], true), m["PeerStatus"]
}

// maxContacts bounds the contacts of a peer that events add until the next sync. Asterisk's max_contacts is small.
const maxContacts = 1000

// contactStatus returns the contacts after an event. It does not change the old slice, which callers of list may have.
func contactStatus(contacts []Contact, m ami.Message, now time.Time) []Contact {
	i := slices.IndexFunc(contacts, func(c Contact) bool { return c.URI == m["URI"] })
	if m["ContactStatus"] == "Removed" {
		if i < 0 {
			return contacts
		}
		return slices.Delete(slices.Clone(contacts), i, i+1)
	}
	if i < 0 && len(contacts) >= maxContacts {
		return contacts
	}
	if i < 0 {
		return append(slices.Clone(contacts), Contact{URI: m["URI"], Status: m["ContactStatus"], RoundTrip: roundTrip(m["RoundtripUsec"]), Since: now, RegisteredAt: now})
	}
	contacts = slices.Clone(contacts)
	contacts[i].Status, contacts[i].RoundTrip = m["ContactStatus"], roundTrip(m["RoundtripUsec"])
	return contacts
}

func (s *peerSet) find(driver, name string) *Peer { return findPeer(s.peers, driver, name) }

// findPeer returns a peer of a list that is ordered by kind and name; nil: it is not there.
func findPeer(peers []Peer, driver, name string) *Peer {
	i, ok := slices.BinarySearchFunc(peers, Peer{Kind: Kind(strings.ToLower(driver)), Name: name}, comparePeers)
	if !ok {
		return nil
	}
	return &peers[i]
}

// list returns a copy.
func (s *peerSet) list() []Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.peers)
}

// counts returns the counts in the order of kind and state.
func (s *peerSet) counts() []PeerCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	var counts []PeerCount
	for _, p := range s.peers {
		i := slices.IndexFunc(counts, func(c PeerCount) bool { return c.Kind == p.Kind && c.State == p.State })
		if i < 0 {
			i, counts = len(counts), append(counts, PeerCount{Kind: p.Kind, State: p.State})
		}
		counts[i].Count++
	}
	slices.SortFunc(counts, func(a, b PeerCount) int {
		return comparePeers(Peer{Kind: a.Kind, Name: string(a.State)}, Peer{Kind: b.Kind, Name: string(b.State)})
	})
	return counts
}
