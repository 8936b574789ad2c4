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

// Snapshot is everything that phones can fetch at one moment. It never changes after it is stored.
type Snapshot struct {
	Generation uint64 // number of the snapshot in its Store, from 1; 0: not stored yet
	BuiltAt    time.Time
	// SavedAt is when the restored configuration of this snapshot was saved. If zero, the snapshot was not restored:
	// Asterisk or its files were read.
	SavedAt time.Time
	// Missing are the names of the Asterisks of a joined snapshot that were not read yet: see Join.
	Missing []string
	*content
}

// content is what snapshots with the same inputs share.
type content struct {
	pbx         string      // Input.PBX
	parts       []*Snapshot // of a joined snapshot, in order; nil: it is of one Asterisk
	served      int         // the number of routes of a joined snapshot
	from        uint64      // fingerprint of the inputs
	iface       string      // the interface whose address was looked up; empty: none
	address     string      // the result of that lookup
	volatile    bool        // Build may give another result for the same inputs
	loaded      zone.Loader // the time zones that were loaded
	found       []Diagnostic
	globals     globals
	functions   map[string]dialplan.Func // ownFunctions and guardedFunctions
	guarded     map[string]dialplan.Func // guardedFunctions
	requestVars map[string]RequestVariable
	profiles    []*Profile
	phoneList   []*Phone // in the order of the configuration
	phonesByID  index
	vendors     device.OUIs // of the phones that are served
	routes      routes
	shared      map[int]sharing // by the number of the route
	sharedPrint uint64          // see SharedPrint
}

// UnlessChanged returns what Build would return for in and now, if nothing that Build reads has changed since s was
// built. It is nil if something has changed, or if it cannot tell. It takes a fraction of the time of Build.
func (s *Snapshot) UnlessChanged(in Input, now time.Time) (*Snapshot, []Diagnostic) {
	if s.volatile || s.from != in.print() || !s.loaded.Unchanged() {
		return nil, nil
	}
	if s.iface != "" && s.address != fmt.Sprint(in.Interfaces(s.iface)) {
		return nil, nil
	}
	return &Snapshot{BuiltAt: now, content: s.content}, slices.Clone(s.found)
}

// Counts are the sizes of a Snapshot.
type Counts struct{ Phones, Lines, Routes int }

// Counts returns the sizes of the snapshot.
func (s *Snapshot) Counts() Counts {
	c := Counts{Phones: len(s.phoneList), Routes: len(s.routes.list) + s.served}
	for _, p := range s.phoneList {
		c.Lines += len(p.Lines)
	}
	return c
}

// Phones returns the phones in the order of the configuration. The slice belongs to the snapshot.
func (s *Snapshot) Phones() []*Phone { return s.phoneList }

// Phone returns the phone of a MAC in any spelling, or of the text in the configuration that is no MAC. It is nil if
// there is none.
func (s *Snapshot) Phone(mac string) *Phone { return s.phone(phoneID(mac)) }

// phone returns the phone of an ID, or nil.
func (s *Snapshot) phone(id string) *Phone {
	if number := s.phoneNumber(id); number >= 0 {
		return s.phoneList[number]
	}
	return nil
}

// phoneNumber returns the index in phoneList of the phone of an ID, or -1.
func (s *Snapshot) phoneNumber(id string) int {
	return s.phonesByID.find(id, s.idOf)
}

// phoneID returns the key of a phone: the MAC in the form of MAC.String if it is one, else the text.
func phoneID(mac string) string {
	if m, err := device.ParseMAC(mac); err == nil {
		return m.String()
	}
	return mac
}

// Routes returns the files in a stable order: static ones by profile, then those of each phone in the order of its
// profile.
func (s *Snapshot) Routes() (all []*Route) {
	for _, part := range s.each() {
		all = append(all, s.servedOf(part.routesOf(routeRange{0, uint32(len(part.routes.list))}))...)
	}
	return all
}

// PhoneRoutes returns the files of one phone.
func (s *Snapshot) PhoneRoutes(p *Phone) []*Route {
	return s.servedOf(s.partOf(p.Profile).routesOf(p.routes))
}

func (s *Snapshot) routesOf(which routeRange) []*Route {
	list := make([]*Route, which.count)
	for i := range list {
		list[i] = s.route(int(which.first) + i)
	}
	return list
}

// Changes are the phones that differ between two snapshots.
type Changes struct {
	Added, Removed, Changed int
	Gone                    []string // IDs of the first removed phones, at most maxGone
}

// maxGone is how many removed phones a warning names: all phones of a small site.
const maxGone = 20

// Compare returns which phones were added, removed and changed in next. old may be nil.
func Compare(old, next *Snapshot) Changes {
	var c Changes
	if old == nil {
		old = &Snapshot{content: new(content)}
	}
	if old.SameContent(next) {
		return c
	}
	for _, p := range next.phoneList {
		switch before := old.phone(p.ID); {
		case before == nil:
			c.Added++
		case before.print != p.print:
			c.Changed++
		}
	}
	for _, p := range old.phoneList {
		if next.phone(p.ID) == nil {
			c.Removed++
			if len(c.Gone) < maxGone {
				c.Gone = append(c.Gone, strings.Clone(p.ID)) // a copy, because the ID is a part of a text of all phones
			}
		}
	}
	return c
}
