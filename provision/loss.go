package provision

import (
	"strings"

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
