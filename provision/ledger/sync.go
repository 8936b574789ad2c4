package ledger

import (
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Synced tells the Ledger that phoneprov read the configuration. The caller calls it after a failed read, and after a
// successful read once the snapshot is stored. The Ledger finds the changes itself.
func (l *Ledger) Synced(s Sync) {
	s.At = s.At.UTC()
	told := time.Now()
	next := l.o.Snapshots.Load() // load it now: the next sync may replace it before the queue runs this
	l.tell(func(l *Ledger) {
		if s.Error == "" && next != nil {
			if l.look(&s, next); l.lanes.waits(urgent) {
				l.syncedAt = told
			}
		}
		if s.Changes == nil {
			s.Changes = []SyncChange{}
		}
		if l.syncs = append(l.syncs, s); len(l.syncs) > maxSyncs {
			l.syncs = append([]Sync(nil), l.syncs[len(l.syncs)-maxSyncs:]...)
		}
		l.unsaved.syncs = append(l.unsaved.syncs, s)
		l.subs.send(KindSync, Update{Sync: &s})
	})
}

// Syncs returns the last reads of the configuration, the newest first.
func (l *Ledger) Syncs() []Sync {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]Sync, 0, len(l.syncs))
	for i := len(l.syncs) - 1; i >= 0; i-- {
		all = append(all, l.syncs[i])
	}
	return all
}

// phonesPerTurn is the number of phones that look compares before requests get the lock.
const phonesPerTurn = 256

// look finds the changes in a snapshot and queues the phones whose files may differ.
func (l *Ledger) look(s *Sync, next *provision.Snapshot) {
	first, sharedChanged := l.served == nil, l.served != nil && l.served.SharedPrint() != next.SharedPrint()
	same := next.SameContent(l.served)
	var unread []string // the Asterisks that next may be the first to have
	if l.served != nil {
		unread = l.served.Missing
	}
	l.served = next
	counts := next.Counts()
	s.Generation, s.Phones, s.Lines = next.Generation, counts.Phones, counts.Lines
	if same {
		return
	}
	l.endpoints = make(map[string]*phone, counts.Lines)
	for i, of := range next.Phones() {
		if i%phonesPerTurn == 0 {
			runtime.Gosched()
		}
		l.lookAt(s, of, first || slices.Contains(unread, of.PBX()), sharedChanged)
	}
	for _, p := range l.order {
		if p.served && next.Phone(p.id) == nil && !l.unread(p) {
			l.removed(s, p)
		}
	}
	l.sort()
	l.comparePeers()
}

// unread reports whether a phone may be one of an Asterisk that was not read since the start: no configuration since
// then had it.
func (l *Ledger) unread(p *phone) bool {
	return l.served == nil || len(l.served.Missing) > 0 && p.print == 0
}

// pbxOf returns the name of a phone's Asterisk, where there are several.
func (l *Ledger) pbxOf(of *provision.Phone) string {
	if !l.served.Joined() {
		return ""
	}
	return of.PBX()
}

// endpointKey returns the key of an endpoint in Ledger.endpoints. pbx is empty if there is one Asterisk.
func endpointKey(pbx, endpoint string) string {
	if pbx == "" {
		return endpoint
	}
	return pbx + "\x00" + endpoint
}

// lookAt finds the changes of one phone.
func (l *Ledger) lookAt(s *Sync, of *provision.Phone, first, sharedChanged bool) {
	p := l.phones[of.ID]
	known := p != nil && p.served
	p = l.phoneOf(of)
	for _, line := range of.Lines {
		l.endpoints[endpointKey(l.pbxOf(of), line.Endpoint())] = p
	}
	if of.MAC != (device.MAC{}) {
		l.leave(of.MAC)
	}
	print, secrets := of.Print(), of.SecretPrint()
	changed := p.print != print && p.print != 0
	if p.secretPrint != 0 && p.secretPrint != secrets {
		p.secretChanged = momentOf(s.At)
		l.unsaved.add(p)
	}
	p.print, p.secretPrint = print, secrets
	switch {
	case !known && !first:
		s.note(&s.Added, AddedEvent, of)
		l.happened(p, Event{At: s.At, Kind: AddedEvent})
	case changed && !first:
		s.note(&s.Changed, ChangedEvent, of)
		l.happened(p, Event{At: s.At, Kind: ChangedEvent})
	}
	in := noLane
	for i := range p.files {
		switch f := &p.files[i]; {
		case changed, !known:
			in = urgent
		case sharedChanged, f.is(otherPhones), !f.is(compared), f.is(gone):
			in = max(in, idle)
		}
	}
	if in > noLane {
		l.lanes.add(p, in)
	}
}

// removed records that a phone left the configuration.
func (l *Ledger) removed(s *Sync, p *phone) {
	p.served, p.gone, p.print, p.secretPrint = false, momentOf(s.At), 0, 0
	s.Removed++
	s.list(SyncChange{Phone: p.id, Change: RemovedEvent})
	l.happened(p, Event{At: s.At, Kind: RemovedEvent})
	l.recount(p)
}

func (s *Sync) note(count *int, what EventKind, of *provision.Phone) {
	*count++
	s.list(SyncChange{Phone: strings.Clone(of.ID), Name: strings.Clone(of.Name()), Change: what})
}

func (s *Sync) list(c SyncChange) {
	if len(s.Changes) >= maxSyncPhones {
		s.More++
		return
	}
	s.Changes = append(s.Changes, c)
}
