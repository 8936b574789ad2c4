package provision

import (
	"strings"

	"github.com/zeebo/xxh3"
)

// Loss are the phones that a snapshot would take away from those that are served.
type Loss struct {
	Served int      // phones before
	Left   int      // phones after
	Lost   int      // phones that would be gone, or would have no files any more
	Phones []string // the IDs of the first of those, at most maxGone
	Print  uint64   // tells one set of lost phones from another, in every process
}

// LossOf tells which phones next takes away from served. A phone whose profile has no files any more is lost as well as one that
// is gone: it gets nothing.
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
		l.Print += xxh3.HashString(p.ID) // in whatever order
		if len(l.Phones) < maxGone {
			l.Phones = append(l.Phones, strings.Clone(p.ID)) // it is part of a text of all phones
		}
	}
	return l
}

// Exceeds reports whether more than percent of the phones would be lost, and at least least of them.
func (l Loss) Exceeds(percent, least int) bool {
	return l.Lost >= least && l.Lost*100 > percent*l.Served
}
