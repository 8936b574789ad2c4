package ledger

import (
	"net/netip"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxUnsavedEvents bounds the events that wait for the Store: 8,000 phones that boot in one second make 8 each.
// unsaved.lost counts the events that do not fit.
const maxUnsavedEvents = 65_536

// unsaved holds what the Store does not have yet.
type unsaved struct {
	phones          []*phone
	forgotten       []string
	events          []Event
	committing      []Event         // part of the running commit
	strangers       map[string]bool // by MAC; new or changed
	left            []string        // MACs of strangers to remove
	syncs           []Sync
	texts           []Text // the newest last
	textBytes       int    // size of texts
	committingTexts []Text // part of the running commit
	lost            uint64 // number of events that were dropped
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
	if len(u.events) == cap(u.events) { // a sync adds many: append alone would copy each five times
		u.events = slices.Grow(u.events, len(u.events)+1)
	}
	u.events = append(u.events, e)
}

// happened adds an event to a phone's history.
func (l *Ledger) happened(p *phone, e Event) {
	e.Phone, e.At = p.id, e.At.UTC()
	l.unsaved.event(e)
	l.unsaved.add(p)
	l.subs.send(KindEvent, Update{Event: &e})
}

// ring holds the last requests.
type ring struct {
	list []shortRequest
	next int
}

// shortRequest is a Request in compact form. shown converts it for display.
type shortRequest struct {
	at                                                                      time.Time
	took                                                                    time.Duration
	status                                                                  int
	bytes                                                                   int64
	addr                                                                    netip.Addr
	mac                                                                     device.MAC
	refused                                                                 bool
	method, file, scheme, tls, over, userAgent, phone, profile, reason, err string
}

func (r *shortRequest) shown() Request {
	q := Request{
		At: r.at.UTC(), Method: r.method, File: r.file, Status: r.status, Bytes: r.bytes, DurationMS: float64(r.took.Microseconds()) / 1000,
		Scheme: r.scheme, TLS: r.tls, Over: r.over, UserAgent: r.userAgent, Phone: r.phone, Profile: r.profile, Reason: r.reason, Refused: r.refused, Error: r.err,
	}
	if r.addr.IsValid() {
		q.Address = r.addr.String()
	}
	if r.mac != (device.MAC{}) {
		q.MAC = r.mac.String()
	}
	return q
}

func (r *ring) add(q shortRequest) {
	if len(r.list) < maxRequests {
		r.list = append(r.list, q)
		return
	}
	r.list[r.next] = q
	r.next = (r.next + 1) % maxRequests
}

// newest returns all requests, the newest first.
func (r *ring) newest() []Request {
	all := make([]Request, 0, len(r.list))
	for i := range r.list {
		all = append(all, r.list[(r.next+i)%len(r.list)].shown())
	}
	slices.Reverse(all)
	return all
}
