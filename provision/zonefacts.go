package provision

import (
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/memo"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// zoneFacts are what templates can see of a time zone, from one moment until another.
type zoneFacts struct {
	vars        map[string]string // TZOFFSET, DST_*; never changed
	rule        zone.Rule         // for PP_TZ_* and PP_DST_*
	from, until time.Time         // until zero: for ever
}

// varies returns how long the facts hold.
func (f *zoneFacts) varies() dialplan.Varies { return dialplan.Varies{Until: f.until} }

// zoneFactsMemo remembers the facts of zones.
type zoneFactsMemo = memo.Memo[*time.Location, *zoneFacts]

// Bounds of a zoneFactsMemo in bytes: it holds every zone of the time-zone database.
const (
	maxZoneFacts  = 2 << 20
	zoneFactsSize = 1 << 10 // of one entry, about
)

func newZoneFacts() *zoneFactsMemo {
	return memo.New[*time.Location, *zoneFacts](maxZoneFacts, zoneFactsSize)
}

// zoneFactsAt returns the facts of a zone at a time.
func zoneFactsAt(known *zoneFactsMemo, loc *time.Location, now time.Time) *zoneFacts {
	f, ok := known.Get(loc)
	if ok && !now.Before(f.from) && (f.until.IsZero() || now.Before(f.until)) {
		return f
	}
	f = &zoneFacts{vars: zone.Vars(loc, now), rule: zone.RuleAt(loc, now), from: now, until: zone.RuleUntil(loc, now)}
	known.Put(loc, f, zoneFactsSize)
	return f
}
