package ledger

import (
	"cmp"
	"strings"
	"unique"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// The statuses that matter here. The package does not know net/http.
const (
	statusOK          = 200
	statusNotModified = 304
	statusServerError = 500
)

// methodGet is the method that fetches a file.
const methodGet = "GET"

// answered applies a request. If shown, the request joins the last requests.
func (l *Ledger) answered(a *Answer, shown bool) {
	s := l.o.Snapshots.Load()
	rt := a.Route
	if rt == nil && s != nil && (a.Refused || a.Status >= statusServerError) {
		rt = s.Lookup(a.File) // httpapi may skip the lookup, so that its duration tells nothing
	}
	var owner *provision.Phone
	if rt != nil {
		owner = rt.Owner
	}
	if owner == nil && s != nil && a.MAC != (device.MAC{}) {
		owner = s.PhoneOf(a.MAC)
	}
	var p *phone
	profile := ""
	if owner != nil {
		p, profile = l.phoneOf(owner), owner.Profile.Name
	} else if rt != nil {
		profile = rt.Profile().Name
	}
	l.day.count(a, l.now())
	if shown || l.subs.wants(KindRequest) {
		l.showRequest(a, p, profile)
	}
	switch {
	case a.Method != methodGet:
	case p == nil:
		if s != nil && len(s.Missing) == 0 && a.MAC != (device.MAC{}) && a.Status >= 400 { // else it may be a phone of what was not read yet
			l.strange(a)
		}
	case rt != nil && rt.Owner != nil && !rt.Static():
		l.fileAnswered(a, rt, p)
	case a.Refused:
		l.refused(a, p, nil)
	}
}

// showRequest adds a request to the last requests and sends it to subscribers.
func (l *Ledger) showRequest(a *Answer, p *phone, profile string) {
	r := shortRequest{
		at: a.At, took: a.Took, method: methodGet, file: strings.Clone(clip(a.File)), status: a.Status, bytes: a.Bytes,
		addr: a.Addr, scheme: a.Asked.Scheme, tls: a.TLS, over: a.Over, userAgent: strings.Clone(clip(a.Asked.UserAgent)), mac: a.MAC,
		reason: a.Reason, refused: a.Refused, err: clip(a.Err),
		profile: l.interned(profile),
	}
	if a.Method != methodGet { // a method that a client chose is part of its request, which must not stay in memory
		r.method = strings.Clone(clip(a.Method))
	}
	if p != nil {
		r.phone = p.id
	}
	l.requests.add(r)
	if l.subs.wants(KindRequest) {
		shown := r.shown()
		l.subs.send(KindRequest, Update{Request: &shown})
	}
}

// interned returns a copy of a snapshot's text, so that the text does not hold the snapshot in memory. It caches one
// copy: profiles are few.
func (l *Ledger) interned(text string) string {
	if l.profile != text {
		l.profile = strings.Clone(text)
	}
	return l.profile
}

// phoneOf returns the ledger's phone for a phone of a snapshot. It adds the phone if it is new.
func (l *Ledger) phoneOf(of *provision.Phone) *phone {
	p := l.phones[of.ID]
	if p == nil {
		p = &phone{id: strings.Clone(of.ID), mac: of.MAC, state: rankOf(NeverFetched)}
		l.phones[p.id] = p
		l.order, l.unordered = append(l.order, p), true
	}
	if !p.served {
		p.served, p.gone = true, 0
		l.recount(p)
	}
	return p
}

// fileAnswered applies a GET of a phone's own file.
func (l *Ledger) fileAnswered(a *Answer, rt *provision.Route, p *phone) {
	got := a.Status == statusOK || a.Status == statusNotModified
	switch {
	case a.Refused, a.Status >= statusServerError, got:
	default:
		return // a challenge, a client that left, a failed condition: the phone asks again
	}
	f := p.find(rt.URI)
	if f == nil {
		if len(p.files) >= maxFiles {
			return
		}
		f = p.addFile(file{name: nameOf(rt.URI, p.id), state: rankOf(NeverFetched)})
	}
	f.set(gone, false)
	switch {
	case a.Refused:
		l.refused(a, p, f)
	case !got:
		l.asked(a, p, f)
		l.failed(a, p, f)
	case a.Whole:
		l.asked(a, p, f)
		l.fetched(a, rt, p, f)
	}
	l.changed(p)
}

// asked records the facts of a file's last request.
func (l *Ledger) asked(a *Answer, p *phone, f *file) {
	f.requestedAt, f.status = momentOf(a.At), uint16(a.Status)
	f.setAddress(a.Addr)
	if f.facts != (unique.Handle[facts]{}) { // the facts nearly always stay the same
		if k := f.facts.Value(); k.scheme == a.Asked.Scheme && k.host == a.Asked.Host && k.server == a.Asked.Server && k.tls == a.TLS && k.over == a.Over &&
			isReplaced(k.userAgent, a.Asked.UserAgent, p.id) {
			return
		}
	}
	f.facts = unique.Make(facts{
		scheme: a.Asked.Scheme, host: a.Asked.Host, server: a.Asked.Server, tls: a.TLS, over: a.Over, userAgent: replaceID(clip(a.Asked.UserAgent), p.id),
	})
}

// fetched records that the phone got a file.
func (l *Ledger) fetched(a *Answer, rt *provision.Route, p *phone, f *file) {
	got := tagOf(a.ETag)
	if got != f.fetched || f.fetchedAt == 0 {
		l.happened(p, Event{At: a.At, Kind: FetchedEvent, File: rt.URI, ETag: a.ETag, Address: f.addressText()})
	}
	if got != f.fetched {
		f.set(textDone, false)
	}
	f.fetched, f.fetchedAt, f.bytes, f.trouble = got, momentOf(a.At), a.Bytes, nil
	l.made(p, f, got, a.Basis)
	f.set(inputsChanged, false)
	f.print, f.templatesAt = a.Basis.Phone, a.Basis.TemplatesPrint
	l.wantText(p, f)
	if a.Basis.Phone != p.print && l.served != nil {
		l.lanes.add(p, urgent) // the file was rendered from an older configuration than the served one
	}
	if p.refusal != nil && p.refusal.Counts {
		p.refusal = nil
	}
}

// made records what the phone would get now.
func (l *Ledger) made(p *phone, f *file, wanted tag, b provision.Basis) {
	f.set(unpredictable, b.Unpredictable)
	f.set(asked, b.Asked)
	f.set(otherPhones, b.OtherPhones)
	f.set(hasWanted, !b.Unpredictable)
	f.set(compared, true)
	f.wanted, f.until = wanted, momentOf(b.Until)
	if f.templates == nil || f.templates.names != b.Templates {
		f.templates = l.templatesOf(b)
	}
	if f.trouble != nil {
		f.trouble.cannot = ""
	}
	if f.until != 0 && (l.next == 0 || f.until < l.next) {
		l.next = f.until
	}
}

func (f *file) troubles() *trouble {
	if f.trouble == nil {
		f.trouble = &trouble{}
	}
	return f.trouble
}

// failed records a 5xx.
func (l *Ledger) failed(a *Answer, p *phone, f *file) {
	t := f.troubles()
	cause := clip(cmp.Or(a.Err, a.Reason, "the answer was 5xx"))
	at := a.At.UTC()
	if t.failure == nil || t.failure.Cause != cause {
		l.happened(p, Event{At: at, Kind: FailedEvent, File: p.fileName(f), Detail: cause, Address: f.addressText()})
	}
	if t.failure == nil {
		t.failure = &Failure{Since: at}
	}
	next := *t.failure
	next.Cause, next.Last = cause, at
	next.Count++
	t.failure = &next
}

// otherRefusals is the least time between two history events about refusals that do not count. A stranger chooses how
// many there are.
const otherRefusals = 60 * 60 * 1000 // milliseconds

// refused records a refusal of one of the phone's files, or of another name with its MAC. If f is nil, the name is no
// file of the phone. The refusal counts for the state if the phone itself may be the client: the phone never fetched,
// or the request has the address or the User-Agent of its last fetch.
func (l *Ledger) refused(a *Answer, p *phone, f *file) {
	at := a.At.UTC()
	r := Refusal{Reason: a.Reason, Since: at, UserAgent: strings.Clone(clip(a.Asked.UserAgent))}
	if a.Addr.IsValid() {
		r.Address = a.Addr.String()
	}
	last := p.lastFetch()
	r.Counts = last == nil || a.Addr.IsValid() && last.addr() == a.Addr.Unmap() ||
		a.Asked.UserAgent != "" && restoreID(last.facts.Value().userAgent, p.id) == r.UserAgent
	had := p.refusal
	if f != nil && r.Counts && f.trouble != nil {
		had = f.trouble.refusal
	}
	news := had == nil || had.Reason != r.Reason || had.Counts != r.Counts
	if news || !r.Counts && momentOf(at)-momentOf(had.Since) > otherRefusals {
		event := Event{At: at, Kind: RefusedEvent, Detail: r.Reason, Address: r.Address}
		if f != nil {
			event.File = p.fileName(f)
		}
		l.happened(p, event)
	} else {
		r.Since, r.Count = had.Since, had.Count
	}
	r.Last = at
	r.Count++
	if p.refusal = &r; f != nil && r.Counts {
		l.asked(a, p, f)
		f.troubles().refusal = &r
	}
	l.changed(p)
}

// changed computes the states of a phone and its files. It is called after anything about the phone changed.
func (l *Ledger) changed(p *phone) {
	now := momentOf(l.now())
	waiting := false
	for i := range p.files {
		f := &p.files[i]
		if !f.is(compared) && f.fetchedAt != 0 && l.judge(p, f) == Unknown {
			continue // the state of the last run holds until the file is compared
		}
		if next := rankOf(l.judge(p, f)); next != f.state {
			f.state, f.since = next, now
		}
		waiting = waiting || !f.is(gone) && l.judge(p, f).waits()
	}
	if !waiting && !p.starting {
		p.told = nil
		delete(l.told, p)
		delete(l.untold, p)
	}
	l.unsaved.add(p)
	if p.starting = p.starting && p.uncompared(); !p.starting {
		if next := rankOf(p.worstState()); next != p.state {
			l.happened(p, Event{At: l.now(), Kind: StateEvent, From: p.state.state(), To: next.state()})
			p.state, p.since = next, now
		}
	}
	l.recount(p)
}

// recount updates counts. It is called after the shown state of a phone may have changed.
func (l *Ledger) recount(p *phone) {
	if p.counted > 0 {
		l.counts[p.counted-1]--
		p.counted = 0
	}
	if p.served {
		p.counted = rankOf(p.shownState()) + 1
		l.counts[p.counted-1]++
	}
}

// waits reports whether the state means that a change waits for the phone.
func (s State) waits() bool { return s == ChangeWaiting || s == Told || s == NoReaction }

// uncompared reports whether a file was not compared since the start.
func (p *phone) uncompared() bool {
	for i := range p.files {
		if f := &p.files[i]; !f.is(compared) && !f.is(gone) && f.fetchedAt != 0 {
			return true
		}
	}
	return false
}
