package ledger

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/phoneprov/phoneprov/provision/background"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

// load reads the content of the Store into the Ledger.
func (l *Ledger) load() {
	kept, err := l.store.Load(func(r Record) {
		p := l.restored(r)
		if p == nil || l.phones[p.id] != nil {
			return
		}
		l.phones[p.id] = p
		l.order = append(l.order, p)
		l.recount(p)
	})
	if err != nil {
		l.fault(err)
	}
	l.unordered = true
	for _, s := range kept.Strangers {
		if mac, err := device.ParseMAC(s.MAC); err == nil && len(l.strangers.byMAC) < maxStrangers {
			l.strangers.byMAC[mac] = &s
		}
	}
	l.day.restore(kept.Day, l.now())
	if l.key = kept.Key; len(l.key) != filediff.KeySize {
		l.key, l.keyUnsaved = newKey(), true
	}
	l.syncs = kept.Syncs[max(0, len(kept.Syncs)-maxSyncs):]
}

// retryEvery is the pause after a failed commit. Without it, the Ledger would write to a full disk each second.
const retryEvery = 10 * time.Second

// fault records the result of a commit. It calls Options.Fault if the Store begins to fail or works again. After an error,
// the Ledger tries again after retryEvery.
func (l *Ledger) fault(err error) {
	news := l.faulty != (err != nil)
	if l.faulty = err != nil; l.faulty {
		l.stats.StoreFault, l.retryAt = err.Error(), l.now().Add(retryEvery)
	} else if news {
		l.stats.StoreFault = ""
	}
	if news && l.o.Fault != nil {
		l.o.Fault(err)
	}
}

// restored returns the phone of a record, or nil if the record is malformed.
func (l *Ledger) restored(r Record) *phone {
	if r.ID == "" || len(r.ID) > maxText || len(r.Files) > maxFiles || !r.State.Valid() {
		return nil
	}
	p := &phone{
		id: r.ID, state: rankOf(r.State), since: momentOf(r.Since), gone: momentOf(r.Gone), secretChanged: momentOf(r.SecretChanged),
		registeredAt: momentOf(r.RegisteredAt), contacts: r.Contact, told: r.Told, refusal: r.Refusal, served: r.Gone.IsZero(),
	}
	p.mac, _ = device.ParseMAC(r.ID)
	p.files = make([]file, 0, len(r.Files))
	for _, f := range r.Files {
		p.files = append(p.files, restoredFile(f, p.id))
		if f.State == ChangeWaiting {
			p.files[len(p.files)-1].set(inputsChanged, true)
		}
	}
	p.starting = p.uncompared()
	if p.told != nil {
		l.told[p] = true
	}
	return p
}

func restoredFile(r FileRecord, id string) file {
	f := file{
		name: nameOf(r.Name, id), state: rankOf(r.State), since: momentOf(r.Since), fetched: tagOf(r.Fetched), fetchedAt: momentOf(r.FetchedAt),
		requestedAt: momentOf(r.RequestedAt), status: uint16(r.Status), bytes: r.Bytes,
		facts: unique.Make(facts{scheme: r.Scheme, host: r.Host, server: r.Server, tls: r.TLS, over: r.Over, userAgent: replaceID(r.UserAgent, id)}),
	}
	if a, err := netip.ParseAddr(r.Address); err == nil {
		f.setAddress(a)
	}
	if r.Refusal != nil || r.Failure != nil {
		f.trouble = &trouble{refusal: r.Refusal, failure: r.Failure}
	}
	return f
}

// record returns the Store's record of a phone.
func (p *phone) record() Record {
	r := Record{
		ID: p.id, State: p.state.state(), Since: p.since.time(), Gone: p.gone.time(), SecretChanged: p.secretChanged.time(),
		RegisteredAt: p.registeredAt.time(), Contact: p.contacts, Told: p.told, Refusal: p.refusal,
		Files: make([]FileRecord, 0, len(p.files)),
	}
	for i := range p.files {
		f := &p.files[i]
		if f.is(gone) {
			continue
		}
		k := facts{}
		if f.facts != (unique.Handle[facts]{}) {
			k = f.facts.Value()
		}
		file := FileRecord{
			Name: p.fileName(f), State: f.state.state(), Since: f.since.time(), Fetched: f.fetched.String(), FetchedAt: f.fetchedAt.time(),
			RequestedAt: f.requestedAt.time(), Status: int(f.status), Bytes: f.bytes, Address: f.addressText(),
			TLS: k.tls, Over: k.over, Scheme: k.scheme, Host: k.host, Server: k.server, UserAgent: restoreID(k.userAgent, p.id),
		}
		if t := f.trouble; t != nil {
			file.Refusal, file.Failure = t.refusal, t.failure
		}
		r.Files = append(r.Files, file)
	}
	return r
}

// commitAll commits every commitEvery.
func (l *Ledger) commitAll(ctx context.Context) {
	every := time.NewTicker(commitEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			l.forget()
			l.commit()
		}
	}
}

// commit writes everything that is unsaved, a batch at a time.
func (l *Ledger) commit() {
	for {
		b, phones := l.batch()
		if b == nil {
			return
		}
		var took time.Duration // without the wait for the turn
		var err error
		background.Turn(func() {
			begun := time.Now()
			err = l.store.Commit(*b)
			took = time.Since(begun)
		})
		l.committed(b, phones, took, err)
		if err != nil {
			return
		}
	}
}

// batch returns the next batch and the phones of its records. Both are nil if nothing is unsaved.
func (l *Ledger) batch() (*Batch, []*phone) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := &l.unsaved
	if l.now().Before(l.retryAt) {
		return nil, nil
	}
	l.sampleDay()
	if len(u.phones)+len(u.forgotten)+len(u.events)+len(u.strangers)+len(u.left)+len(u.syncs) == 0 && !l.day.changed {
		return nil, nil
	}
	n, m := min(len(u.phones), maxCommit), min(len(u.events), 2*maxCommit)
	b := &Batch{Now: l.now(), Forgotten: u.forgotten, Events: u.events[:m:m], Left: u.left, Syncs: u.syncs, Day: l.dayKept(), Texts: u.texts}
	if l.keyUnsaved {
		b.Key = l.key
	}
	phones := u.phones[:n:n]
	for _, p := range phones {
		p.dirty = false
		if l.phones[p.id] == p {
			b.Records = append(b.Records, p.record())
		}
	}
	for mac := range u.strangers {
		if parsed, err := device.ParseMAC(mac); err == nil && l.strangers.byMAC[parsed] != nil {
			b.Strangers = append(b.Strangers, *l.strangers.byMAC[parsed])
		}
	}
	slices.SortFunc(b.Strangers, func(a, b Stranger) int { return cmp.Compare(a.MAC, b.MAC) })
	slices.SortFunc(b.Records, func(a, b Record) int { return strings.Compare(a.ID, b.ID) })
	u.phones, u.events = u.phones[n:], u.events[m:]
	u.forgotten, u.strangers, u.left, u.syncs = nil, nil, nil, nil
	if len(u.phones) == 0 {
		u.phones = nil
	}
	if len(u.events) == 0 {
		u.events = nil
	}
	u.committing, u.committingTexts, l.day.changed = b.Events, b.Texts, false
	u.texts, u.textBytes = nil, 0
	return b, phones
}

// committed records the result of a commit. After an error it puts the content of the batch back, for the next commit.
func (l *Ledger) committed(b *Batch, phones []*phone, took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := &l.unsaved
	u.committing, u.committingTexts = nil, nil
	l.stats.CommitMS = float64(took.Microseconds()) / 1000
	if errors.Is(err, ErrLost) {
		l.textsLost()
		b.Texts = nil
		for _, p := range l.order {
			u.add(p)
		}
	} else {
		l.fault(err)
	}
	if err == nil {
		l.stats.Commits++
		l.keyUnsaved = l.keyUnsaved && b.Key == nil
		return
	}
	l.stats.CommitErrors++
	l.day.changed = true
	for _, p := range phones {
		u.add(p)
	}
	for _, s := range b.Strangers {
		u.stranger(s.MAC)
	}
	newer := u.texts
	u.texts = nil
	for _, t := range slices.Concat(b.Texts, newer) {
		u.text(t)
	}
	room := max(0, maxUnsavedEvents-len(u.events))
	if lost := len(b.Events) - room; lost > 0 {
		u.lost += uint64(lost)
		b.Events = b.Events[lost:]
	}
	u.events = slices.Concat(b.Events, u.events)
	u.forgotten, u.left, u.syncs = slices.Concat(b.Forgotten, u.forgotten), slices.Concat(b.Left, u.left), slices.Concat(b.Syncs, u.syncs)
	u.syncs = u.syncs[max(0, len(u.syncs)-maxSyncs):]
}

// forget removes the phones that left the configuration more than MaxHistoryAge ago.
func (l *Ledger) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Before(l.forgetAt) {
		return
	}
	l.forgetAt = now.Add(forgetEvery)
	l.order = slices.DeleteFunc(l.order, func(p *phone) bool {
		if p.gone == 0 || now.Sub(p.gone.time()) < MaxHistoryAge {
			return false
		}
		delete(l.phones, p.id)
		delete(l.told, p)
		delete(l.untold, p)
		l.unsaved.forgotten = append(l.unsaved.forgotten, p.id)
		return true
	})
}

// forgetEvery is the time between two runs of forget.
const forgetEvery = time.Hour
