package ledger

import "slices"

// maxUnsavedEvents bounds the events that wait for the Store: 8 a phone where 8,000 phones boot in one second. Those beyond are counted.
const maxUnsavedEvents = 65_536

// unsaved is what the Store does not have yet.
type unsaved struct {
	phones     []*phone
	forgotten  []string
	events     []Event
	committing []Event         // that are being committed now
	strangers  map[string]bool // by MAC
	left       []string        // MACs
	syncs      []Sync
	lost       uint64 // events
}

func (u *unsaved) add(p *phone) {
	if !p.dirty {
		p.dirty = true
		u.phones = append(u.phones, p)
	}
}

func (u *unsaved) event(e Event) {
	if len(u.events) >= maxUnsavedEvents {
		u.lost++
		return
	}
	u.events = append(u.events, e)
}

// happened notes an event of a phone.
func (l *Ledger) happened(p *phone, e Event) {
	e.Phone, e.At = p.id, e.At.UTC()
	l.unsaved.event(e)
	l.unsaved.add(p)
	l.subs.send(KindEvent, Update{Event: &e})
}

// ring are the last requests.
type ring struct {
	list []Request
	next int
}

func (r *ring) add(q Request) {
	if len(r.list) < maxRequests {
		r.list = append(r.list, q)
		return
	}
	r.list[r.next] = q
	r.next = (r.next + 1) % maxRequests
}

// newest are all of them, the newest first.
func (r *ring) newest() []Request {
	all := make([]Request, 0, len(r.list))
	all = append(append(all, r.list[r.next:]...), r.list[:r.next]...)
	slices.Reverse(all)
	return all
}
