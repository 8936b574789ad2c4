package amisync

import (
	"slices"
	"strings"
	"sync"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// PeerCount says how many peers of a kind are in a state.
type PeerCount struct {
	Kind  Kind
	State State
	Count int
}

// peerSet is the list of peers as the last sync read it, changed by the events since. Its methods are short and may be
// called from any goroutine.
type peerSet struct {
	mu          sync.Mutex
	peers       []Peer // by kind and name
	reading     bool
	missedBytes int
	missed      []ami.Message // events that came while the list was read: they may be newer than it
}

// begin says that a list is being read, from now until replace.
func (s *peerSet) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading, s.missed, s.missedBytes = true, nil, 0
}

// replace sets the list. Nil with a failed read: the old one stays.
func (s *peerSet) replace(peers []Peer, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok {
		s.peers = peers
		for _, m := range s.missed {
			s.change(m)
		}
	}
	s.reading, s.missed, s.missedBytes = false, nil, 0
}

// event takes what an event says of a peer.
func (s *peerSet) event(m ami.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size := m.Size(); s.reading && len(s.missed) < maxEvents && s.missedBytes+size <= maxEventsBytes {
		s.missed = append(s.missed, m)
		s.missedBytes += size
	}
	s.change(m)
}

// change alters a peer that is known; others wait for the next sync.
func (s *peerSet) change(m ami.Message) {
	switch m["Event"] {
	case "DeviceStateChange":
		driver, name, _ := strings.Cut(m["Device"], "/")
		if p := s.find(driver, name); p != nil && p.Kind == PJSIP {
			p.State, p.Detail = deviceState(m["State"]), m["State"]
		}
	case "PeerStatus":
		driver, name, _ := strings.Cut(m["Peer"], "/")
		p := s.find(driver, name)
		if p == nil || p.Kind == PJSIP { // of which DeviceStateChange and ContactStatus say more
			return
		}
		if a := m["Address"]; a != "" {
			p.Address = a
		} else if m["PeerStatus"] == "Unregistered" {
			p.Address = ""
		}
		p.State, p.Detail = peerState(m["PeerStatus"], true), m["PeerStatus"]
	case "ContactStatus":
		if p := s.find("PJSIP", m["EndpointName"]); p != nil {
			p.Contacts = contactStatus(p.Contacts, m)
		}
	}
}

// maxContacts bounds the contacts of a peer that events tell of, until the next sync: Asterisk's max_contacts is a few.
const maxContacts = 1000

// contactStatus gives the contacts after an event. The old slice stays as it is: copies of it were handed out.
func contactStatus(contacts []Contact, m ami.Message) []Contact {
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
		return append(slices.Clone(contacts), Contact{URI: m["URI"], Status: m["ContactStatus"]})
	}
	contacts = slices.Clone(contacts)
	contacts[i].Status = m["ContactStatus"]
	return contacts
}

func (s *peerSet) find(driver, name string) *Peer {
	i, ok := slices.BinarySearchFunc(s.peers, Peer{Kind: Kind(strings.ToLower(driver)), Name: name}, comparePeers)
	if !ok {
		return nil
	}
	return &s.peers[i]
}

// list is a copy that stays as it is.
func (s *peerSet) list() []Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.peers)
}

// counts are in the order of kind and state.
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
