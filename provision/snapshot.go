package provision

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// Snapshot is everything that phones can fetch, as of one moment. It never changes after it is stored.
type Snapshot struct {
	Generation uint64 // counts the snapshots of a Store, from 1; 0 before it is stored
	BuiltAt    time.Time
	*content
}

// content is what snapshots share that were built of the same.
type content struct {
	from        uint64      // the fingerprint of what it was built of
	iface       string      // that was asked for its address; empty: none
	address     string      // and what was said
	volatile    bool        // the same may give another snapshot another time
	loaded      zone.Loader // of the time-zone database
	found       []Diagnostic
	globals     globals
	functions   map[string]dialplan.Func // ownFunctions and guarded
	guarded     map[string]dialplan.Func // guardedFunctions
	requestVars map[string]RequestVariable
	profiles    []*Profile
	phoneList   []*Phone // in the order of the configuration
	phonesByID  index
	vendors     device.OUIs // of the phones
	routes      routes
	shared      map[int]sharing // by the number of a route that several phones share
}

// Again gives what Build would give for in and a time, where the snapshot has all that s has; nil: it would not, or that
// cannot be told. To find out takes a fraction of Build.
func (s *Snapshot) Again(in Input, now time.Time) (*Snapshot, []Diagnostic) {
	if s.volatile || s.from != in.print() || !s.loaded.Unchanged() {
		return nil, nil
	}
	if s.iface != "" && s.address != fmt.Sprint(in.Interfaces(s.iface)) {
		return nil, nil
	}
	return &Snapshot{BuiltAt: now, content: s.content}, slices.Clone(s.found)
}

// Counts say how much is in a Snapshot.
type Counts struct{ Phones, Lines, Routes int }

// Counts of the snapshot.
func (s *Snapshot) Counts() Counts {
	c := Counts{Phones: len(s.phoneList), Routes: len(s.routes.list)}
	for _, p := range s.phoneList {
		c.Lines += len(p.Lines)
	}
	return c
}

// Phones lists the phones in the order of the configuration. The slice is the snapshot's own.
func (s *Snapshot) Phones() []*Phone { return s.phoneList }

// Phone finds a phone by its MAC in any spelling, or by what stands for one in the configuration; nil if there is none.
func (s *Snapshot) Phone(mac string) *Phone { return s.phone(phoneID(mac)) }

// phone finds a phone by its ID.
func (s *Snapshot) phone(id string) *Phone {
	if number := s.phoneNumber(id); number >= 0 {
		return s.phoneList[number]
	}
	return nil
}

// phoneNumber is a phone's place in the order of the configuration; -1: there is none of that ID.
func (s *Snapshot) phoneNumber(id string) int {
	return s.phonesByID.find(id, s.idOf)
}

// phoneID is the key of a phone: the MAC's canonical form where it is one.
func phoneID(mac string) string {
	if m, err := device.ParseMAC(mac); err == nil {
		return m.String()
	}
	return mac
}

// Routes lists the files in a stable order: static ones by profile, then those of each phone in the order of its profile.
func (s *Snapshot) Routes() []*Route { return s.routesOf(span{0, uint32(len(s.routes.list))}) }

// PhoneRoutes lists those of one phone.
func (s *Snapshot) PhoneRoutes(p *Phone) []*Route { return s.routesOf(p.routes) }

func (s *Snapshot) routesOf(which span) []*Route {
	list := make([]*Route, which.count)
	for i := range list {
		list[i] = s.route(int(which.first) + i)
	}
	return list
}

// Changes count the phones that differ between two snapshots.
type Changes struct {
	Added, Removed, Changed int
	// Phones are the first of them by ID, at most maxNamed: "+001565aabbcc" was added, "-" removed, "~" changed.
	Phones []string
	Gone   []string // the IDs of the first that were removed, at most maxGone
}

// maxGone is how many phones that are gone a warning names: a small site's all.
const maxGone = 20

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
		old = &Snapshot{content: new(content)}
	}
	if old.content == next.content {
		return c
	}
	for _, p := range next.phoneList {
		switch before := old.phone(p.ID); {
		case before == nil:
			c.Added++
			c.name("+", p.ID)
		case before.print != p.print:
			c.Changed++
			c.name("~", p.ID)
		}
	}
	for _, p := range old.phoneList {
		if next.phone(p.ID) == nil {
			c.Removed++
			c.name("-", p.ID)
			if len(c.Gone) < maxGone {
				c.Gone = append(c.Gone, strings.Clone(p.ID)) // it is part of a text of all phones
			}
		}
	}
	return c
}
