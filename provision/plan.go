package provision

import (
	"context"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Bounds of the plans that a snapshot has, in bytes.
const (
	// maxPlans is for all together: 800 of a template of 6 kB.
	maxPlans = 8 << 20
	// maxPlan is for one: the templates of phones are smaller.
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
	escape Escape // with the template it says whether values are escaped
}

// plan is one, and what must be so for it to be used.
type plan struct {
	*dialplan.Plan // nil: it would be too large, so the template is expanded each time
	template       *templateFile
	from, until    time.Time // of what it has of a time zone; until zero: for ever
}

// find is the plan that there is, else nil; wanted says whether one is to be made then.
func (p *plans) find(key planKey, t *templateFile, now time.Time) (had *plan, wanted bool) {
	p.mu.RLock()
	had, room := p.made[key], p.bytes <= key.by.share(maxPlans)-maxPlan
	p.mu.RUnlock()
	if had == nil || had.template != t || !had.until.IsZero() && (now.Before(had.from) || !now.Before(had.until)) {
		return nil, room || had != nil
	}
	return had, false
}

// put keeps a plan where there is room, in place of one that is of no use any more. Of one that is too large it is kept that
// there is none.
func (p *plans) put(key planKey, made *plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.made[key]; old != nil {
		p.bytes -= old.size()
		delete(p.made, key)
	}
	if made.size() > maxPlan {
		made = &plan{template: made.template}
	}
	if p.bytes+made.size() > key.by.share(maxPlans) {
		return
	}
	if p.made == nil {
		p.made = map[planKey]*plan{}
	}
	p.made[key] = made
	p.bytes += made.size()
}

func (p *plan) size() int {
	if p.Plan == nil {
		return planOverhead
	}
	return p.Size() + planOverhead
}

// planned appends what a template gives by its plan, which is made where there is none.
func (s *scope) planned(ctx context.Context, dst []byte, t *templateFile, env *dialplan.Env, key planKey) ([]byte, error) {
	p, wanted := s.rd.snap.plans.find(key, t, s.rd.now)
	switch {
	case p != nil && p.Plan != nil:
		s.rd.depends.ends(p.until)
		return p.AppendTo(ctx, dst, env, s)
	case !wanted:
		return t.AppendTo(ctx, dst, env)
	}
	dst, made, err := t.AppendPlan(ctx, dst, env, s)
	if made != nil {
		s.rd.snap.plans.put(key, &plan{made, t, s.rd.now, s.rd.depends.until})
	}
	return dst, err
}

// Slot, Value and Varies make a scope a dialplan.Planner.

// firstSetvar is the slot of a profile's first setvar; those below are of the line's record.
const firstSetvar = 1 << 20

// Slot is of a variable of the line's own, or of a setvar that is another name of one, or of a part of it.
func (s *scope) Slot(name string) (at int, ok bool) {
	name = spelt(name)
	if v := s.line.shape.find(name); v != nil {
		return v.at, v.at >= 0
	}
	if _, ok := s.zoneVar(name); ok {
		return 0, false
	}
	for i := range s.profile.setvars {
		if v := &s.profile.setvars[i]; v.name == name {
			own := s.line.shape.find(spelt(v.of))
			return firstSetvar + i, own != nil && own.at >= 0
		}
	}
	return 0, false
}

func (s *scope) Value(at int) string {
	if at < firstSetvar {
		return s.line.record.value(at)
	}
	v := &s.profile.setvars[at-firstSetvar]
	return v.part.Of(s.line.record.value(s.line.shape.find(spelt(v.of)).at))
}

func (s *scope) Varies() dialplan.Varies {
	v := s.rd.varies
	s.rd.varies = dialplan.Never
	return v
}

// differs notes that what is being looked at may be something else for another phone, request or place.
func (rd *rendering) differs(v dialplan.Varies) { rd.varies = max(rd.varies, v) }
