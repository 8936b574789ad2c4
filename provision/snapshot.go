package provision

import (
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Snapshot is everything that phones can fetch, as of one moment. It never changes after it is stored, but for what it
// keeps of what was made of it.
type Snapshot struct {
	Generation uint64 // counts the snapshots of a Store, from 1; 0 before it is stored
	BuiltAt    time.Time
	globals    globals
	functions  map[string]dialplan.Func // ownFunctions
	profiles   []*Profile
	phones     map[string]*Phone // by ID
	phoneList  []*Phone          // in the order of the configuration
	routes     map[string]*Route // by URI
	routeList  []*Route          // static ones first, then by phone
	kept       kept
	lists      lists
	plans      plans
	zones      zoneTable
}

// Counts say how much is in a Snapshot.
type Counts struct{ Phones, Lines, Routes int }

// Counts of the snapshot.
func (s *Snapshot) Counts() Counts {
	c := Counts{Phones: len(s.phoneList), Routes: len(s.routeList)}
	for _, p := range s.phoneList {
		c.Lines += len(p.Lines)
	}
	return c
}

// Phones lists the phones in the order of the configuration. The slice is the snapshot's own.
func (s *Snapshot) Phones() []*Phone { return s.phoneList }

// Phone finds a phone by its MAC in any spelling, or by what stands for one in the configuration; nil if there is none.
func (s *Snapshot) Phone(mac string) *Phone { return s.phones[phoneID(mac)] }

// phoneID is the key of a phone: the MAC's canonical form where it is one.
func phoneID(mac string) string {
	if m, err := ParseMAC(mac); err == nil {
		return m.String()
	}
	return mac
}

// Routes lists the files in a stable order: static ones by profile, then those of each phone. The slice is the
// snapshot's own.
func (s *Snapshot) Routes() []*Route { return s.routeList }

// Lookup finds the file of a URI (without prefix and the slash before it), exactly as it is written; else the file of
// a phone whose MAC is in the URI, in any case and with any separators. Nil: there is no such file.
func (s *Snapshot) Lookup(uri string) *Route {
	if rt := s.routes[uri]; rt != nil {
		return rt
	}
	if len(uri) > maxMACURI {
		return nil
	}
	for i := range len(uri) {
		mac, _, ok := cutMAC(uri[i:])
		if !ok {
			continue
		}
		if p := s.phones[mac.String()]; p != nil {
			for _, rt := range p.routes {
				if sameButMAC(rt.URI, uri, mac) {
					return rt
				}
			}
		}
	}
	return nil
}

// maxMACURI bounds in bytes the URIs that are searched for a MAC: no vendor's file name comes near, and the search is
// for every request that is not exact.
const maxMACURI = 256

// sameButMAC compares two names, a MAC in each being the same however it is spelt.
func sameButMAC(a, b string, mac MAC) bool {
	for a != "" && b != "" {
		ma, restA, okA := cutMAC(a)
		mb, restB, okB := cutMAC(b)
		if okA && okB && ma == mac && mb == mac {
			a, b = restA, restB
			continue
		}
		if a[0] != b[0] {
			return false
		}
		a, b = a[1:], b[1:]
	}
	return a == "" && b == ""
}

// Changes count the phones that differ between two snapshots.
type Changes struct {
	Added, Removed, Changed int
	// Phones are the first of them by ID, at most maxNamed: "+001565aabbcc" was added, "-" removed, "~" changed.
	Phones []string
}

// maxNamed is how many phones a log line can name and still be read.
const maxNamed = 10

func (c *Changes) name(sign, id string) {
	if len(c.Phones) < maxNamed {
		c.Phones = append(c.Phones, sign+id)
	}
}

// Compare tells what is new, gone and changed in next; old may be nil.
func Compare(old, next *Snapshot) Changes {
	var c Changes
	if old == nil {
		old = &Snapshot{}
	}
	for _, p := range next.phoneList {
		switch before := old.phones[p.ID]; {
		case before == nil:
			c.Added++
			c.name("+", p.ID)
		case before.print != p.print:
			c.Changed++
			c.name("~", p.ID)
		}
	}
	for _, p := range old.phoneList {
		if next.phones[p.ID] == nil {
			c.Removed++
			c.name("-", p.ID)
		}
	}
	return c
}
