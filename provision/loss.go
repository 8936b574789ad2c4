package provision

import (
	"errors"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
)

// Loss is the set of served phones that a new snapshot would remove.
type Loss struct {
	Served int      // phones before
	Left   int      // phones after
	Lost   int      // phones that would be gone or have no files any more
	Phones []string // the IDs of the first lost phones, at most maxGone
	Print  uint64   // identifies the set of lost phones, across processes
}

// LossOf compares two snapshots. A phone is lost if next does not have it, or if its profile has no files any more:
// both get nothing.
func LossOf(served, next *Snapshot) Loss {
	l := Loss{Served: len(served.phoneList), Left: len(next.phoneList)}
	if served.content == next.content {
		return l
	}
	for _, p := range served.phoneList {
		if after := next.phone(p.ID); after != nil && (after.Profile.hasFiles() || !p.Profile.hasFiles()) {
			continue
		}
		l.Lost++
		l.Print += xxh3.HashString(p.ID) // the sum does not depend on the order
		if len(l.Phones) < maxGone {
			l.Phones = append(l.Phones, strings.Clone(p.ID)) // a copy, so that one ID does not hold a text of all phones in memory
		}
	}
	return l
}

// Exceeds reports whether more than percent of the phones, and at least least phones, would be lost.
func (l Loss) Exceeds(percent, least int) bool {
	return l.Lost >= least && l.Lost*100 > percent*l.Served
}

// Held is a change of the configuration that is not applied until an admin confirms it, because it would take away too
// many phones. The last good configuration is served meanwhile.
type Held struct {
	ID      string    `json:"id"`            // differs from that of any other loss
	PBX     string    `json:"pbx,omitempty"` // the Asterisk, where there are several
	Since   time.Time `json:"since"`
	Trigger string    `json:"trigger"` // of the first sync that was held
	Reason  string    `json:"reason"`  // for people
	Before  int       `json:"before"`  // phones that are served
	After   int       `json:"after"`   // phones that would be served
	Lost    int       `json:"lost"`    // phones that would get no file
	Phones  []string  `json:"phones"`  // the first of the lost phones, by ID
}

// Reasons for which a change cannot be confirmed.
var (
	ErrNothingHeld = errors.New("nothing is held")
	ErrOtherHeld   = errors.New("another change is held by now: look at it first")
)
