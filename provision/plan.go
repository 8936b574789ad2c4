package provision

import (
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Bounds of the plans that a snapshot has, in bytes.
const (
	// maxPlans is for all together: 800 of a template of 6 kB.
	maxPlans = 8 << 20
	// maxPlan is for one. In what is larger there is more to be looked up than the constant parts of the template.
	maxPlan = 256 << 10
	// planOverhead is what one costs besides its text and its places.
	planOverhead = 512
)

// plans are templates as they are for many phones: what is the same for all lines of a shape, in one zone and of one profile,
// is in them as it came out for the first. They go with the snapshot. The zero plans is empty.
type plans struct {
	mu    sync.RWMutex
	made  map[planKey]*plan
	bytes int
}

// planKey is all that a plan depends on besides the snapshot, its template and the time.
type planKey struct {
	by     *Renderer
	file   *file // so its profile
	shape  *shape
	zone   *time.Location
	escape bool
}

// plan is one, and what must be so for it to be used.
type plan struct {
	*dialplan.Plan
	template    *templateFile
	from, until time.Time // of what it has of a time zone; until zero: for ever
}

func (p *plans) find(key planKey, t *templateFile, now time.Time) *plan {
	p.mu.RLock()
	had := p.made[key]
	p.mu.RUnlock()
	if had == nil || had.template != t || !had.until.IsZero() && (now.Before(had.from) || !now.Before(had.until)) {
		return nil
	}
	return had
}

// put keeps a plan where there is room, in place of one that is of no use any more.
func (p *plans) put(key planKey, made *plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	bytes := p.bytes + made.size()
	if old := p.made[key]; old != nil {
		bytes -= old.size()
	}
	if made.size() > maxPlan || bytes > maxPlans {
		return
	}
	if p.made == nil {
		p.made = map[planKey]*plan{}
	}
	p.made[key], p.bytes = made, bytes
}

func (p *plan) size() int { return p.Size() + planOverhead }

// Slot, Value and Varies make a scope a dialplan.Planner.

func (s *scope) Slot(name string) (at int, ok bool) {
	if v := s.line.shape.find(name); v != nil && v.at >= 0 {
		return v.at, true
	}
	return 0, false
}

func (s *scope) Value(at int) string { return s.line.record.value(at) }

func (s *scope) Varies() dialplan.Varies {
	v := s.rd.varies
	s.rd.varies = dialplan.Never
	return v
}

// differs notes that what is being looked at may be something else for another phone, request or place.
func (rd *rendering) differs(v dialplan.Varies) { rd.varies = max(rd.varies, v) }
