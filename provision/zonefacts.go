package provision

import (
	"sync"
	"time"
)

// zoneFacts are the variables of a time zone from one moment until another, or for ever where that is zero.
type zoneFacts struct {
	vars        map[string]string // never changed
	from, until time.Time
}

// zoneTable remembers the facts of the zones that a snapshot's lines are in. The zero zoneTable is empty.
type zoneTable struct {
	mu    sync.RWMutex
	facts map[*time.Location]*zoneFacts
}

// at are the facts of a zone at a time.
func (z *zoneTable) at(loc *time.Location, now time.Time) *zoneFacts {
	z.mu.RLock()
	f := z.facts[loc]
	z.mu.RUnlock()
	if f != nil && !now.Before(f.from) && (f.until.IsZero() || now.Before(f.until)) {
		return f
	}
	f = &zoneFacts{zoneVars(loc, now), now, zoneEnd(now.In(loc))}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.facts == nil {
		z.facts = map[*time.Location]*zoneFacts{}
	}
	z.facts[loc] = f
	return f
}
