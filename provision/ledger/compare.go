package ledger

import (
	"context"
	"errors"
	"sync"
	"time"
	"unique"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/background"
)

// lane is the queue in which a phone waits for its comparison.
type lane uint8

const (
	noLane  lane = iota
	texting      // its texts are kept when no phone waits for its comparison
	idle         // it is compared when no phone is urgent
	urgent       // it is compared first: a sync or a template changed it
)

// The comparison takes turns with requests: it works for the first time, then rests for the second.
const (
	urgentWork, urgentRest = 2 * time.Millisecond, time.Millisecond
	idleWork, idleRest     = time.Millisecond, 4 * time.Millisecond
)

// lanes are the queues of phones that wait for their comparison. A phone in a lane of lanes.queued has phone.waits set
// to that lane. l.mu does not guard phone.waits.
type lanes struct {
	mu      sync.Mutex
	queued  [urgent + 1][]*phone
	busy    bool
	current lane // the lane of the phone that take returned last
	wake    chan struct{}
}

// add queues a phone for comparison. The caller holds l.mu.
func (q *lanes) add(p *phone, in lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.waits >= in {
		return
	}
	p.waits = in
	q.queued[in] = append(q.queued[in], p)
	notify(q.wake)
}

// take removes and returns the next phone, or nil if none waits.
func (q *lanes) take() (*phone, lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for in := urgent; in > noLane; in-- {
		for len(q.queued[in]) > 0 {
			p := q.queued[in][0]
			q.queued[in] = q.queued[in][1:]
			if p.waits == in { // otherwise add moved the phone to a more urgent lane
				p.waits, q.busy, q.current = noLane, true, in
				return p, in
			}
		}
		q.queued[in] = nil
	}
	q.busy = false
	return nil, noLane
}

// compared reports whether no phone waits for its comparison.
func (q *lanes) compared() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queued[idle])+len(q.queued[urgent]) == 0 && (!q.busy || q.current == texting)
}

func (q *lanes) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.queued[idle]) + len(q.queued[urgent])
	if q.busy && q.current != texting {
		n++ // the phone that is being compared
	}
	return n
}

// compareAll compares the waiting phones and keeps their texts, a slice of time after the other, until the context ends.
func (l *Ledger) compareAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.lanes.wake:
		}
		for more, rest := true, time.Duration(0); more; {
			background.Turn(func() { more, rest = l.compareSome(ctx) })
			if more && !pause(ctx, rest) {
				return
			}
		}
	}
}

// compareSome compares phones and keeps texts until the time to work is over. It returns the time to rest, and whether
// more phones wait.
func (l *Ledger) compareSome(ctx context.Context) (more bool, rest time.Duration) {
	var work time.Duration
	for begun := time.Now(); ; {
		p, in := l.lanes.take()
		if p == nil {
			return false, 0
		}
		if in == texting {
			l.keepTexts(ctx, p)
		} else {
			l.compare(ctx, p)
		}
		if in == urgent && !l.lanes.waits(urgent) {
			l.reportCompared()
		}
		work, rest = idleWork, idleRest
		if in == urgent {
			work, rest = urgentWork, urgentRest
		}
		if time.Since(begun) >= work {
			return true, rest
		}
	}
}

// waits reports whether a phone waits in a lane.
func (q *lanes) waits(in lane) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queued[in]) > 0
}

// reportCompared calls Options.Compared once the phones that the last sync changed are compared.
func (l *Ledger) reportCompared() {
	l.mu.Lock()
	at, waiting := l.syncedAt, l.counts[rankOf(ChangeWaiting)]
	l.syncedAt = time.Time{}
	l.mu.Unlock()
	if !at.IsZero() && l.o.Compared != nil {
		l.o.Compared(time.Since(at), waiting)
	}
}

// job is the comparison of one file.
type job struct {
	name        unique.Handle[string]
	requestedAt moment
	request     provision.Request
	route       *provision.Route // nil: the configuration has no such file
	etag        string
	basis       provision.Basis
	err         error
}

// compare computes, for each file of a phone, what the phone would get now.
func (l *Ledger) compare(ctx context.Context, p *phone) {
	s := l.o.Snapshots.Load()
	if s == nil || l.o.Renderer == nil {
		return
	}
	for _, j := range l.jobs(p, s) {
		if j.route != nil {
			j.etag, j.basis, j.err = l.o.Renderer.Digest(ctx, s, j.route, j.request)
			if ctx.Err() != nil {
				return
			}
		}
		l.mu.Lock()
		l.stats.Compared++
		if f := p.named(j.name); f != nil && f.requestedAt == j.requestedAt {
			l.compared(p, f, &j)
		}
		l.mu.Unlock()
	}
}

// jobs returns a job for each file that the phone has requested.
func (l *Ledger) jobs(p *phone, s *provision.Snapshot) []job {
	l.mu.RLock()
	defer l.mu.RUnlock()
	of := s.Phone(p.id)
	if of == nil && l.unread(p) {
		return nil
	}
	jobs := make([]job, 0, len(p.files))
	for i := range p.files {
		f := &p.files[i]
		if f.facts == (unique.Handle[facts]{}) {
			continue
		}
		j := job{name: f.name, requestedAt: f.requestedAt, request: l.request(p, f, l.now())}
		if rt := s.RouteOf(p.fileName(f)); rt != nil && rt.Owner == of && of != nil {
			j.route = rt
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// compared records the result of a comparison.
func (l *Ledger) compared(p *phone, f *file, j *job) {
	if before := f.cannot(); l.retried[before] && j.err == nil {
		delete(l.retried, before)
		l.again(func(_ *phone, f *file) lane {
			if f.cannot() == before {
				return urgent
			}
			return noLane
		})
	}
	f.set(compared, true)
	switch {
	case j.route == nil:
		f.set(gone, true)
	case errors.Is(j.err, provision.ErrUnavailable):
		changed := f.print != 0 && (j.basis.Phone != f.print || f.templates != nil && f.templates.current != f.templatesAt)
		f.set(gone|hasWanted, false)
		f.set(unpredictable|asked, true)
		f.set(inputsChanged, f.is(inputsChanged) || changed)
		f.troublesGone()
	case j.err != nil:
		f.set(gone, false)
		f.troubles().cannot = clip(j.err.Error())
	default:
		print, templatesAt := f.print, f.templatesAt
		f.set(gone, false)
		l.made(p, f, tagOf(j.etag), j.basis)
		if j.basis.Unpredictable {
			changed := print != 0 && (j.basis.Phone != print || j.basis.TemplatesPrint != templatesAt)
			f.set(inputsChanged, f.is(inputsChanged) || changed)
		} else {
			f.set(inputsChanged, false)
			f.print, f.templatesAt = j.basis.Phone, j.basis.TemplatesPrint
		}
	}
	l.changed(p)
	l.wantText(p, f)
}

func (f *file) troublesGone() {
	if f.trouble != nil {
		f.trouble.cannot = ""
	}
}

// templates are the templates that a file is rendered from, with their last known print. Many files share one value.
type templates struct {
	names   string
	current uint64
}

// templatesOf returns the templates of a basis.
func (l *Ledger) templatesOf(b provision.Basis) *templates {
	t := l.templates[b.Templates]
	if t == nil {
		t = &templates{b.Templates, b.TemplatesPrint}
		l.templates[b.Templates] = t
	}
	return t
}

// lookAtTemplates queues the phones with a file whose templates changed, and of the files that cannot be made for the
// same reason one.
func (l *Ledger) lookAtTemplates() {
	if l.o.Renderer == nil {
		return
	}
	l.mu.RLock()
	all := make([]*templates, 0, len(l.templates))
	for _, t := range l.templates {
		all = append(all, t)
	}
	l.mu.RUnlock()
	current := make([]uint64, len(all))
	for i, t := range all {
		current[i] = l.o.Renderer.TemplatesPrint(t.names)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := false
	for i, t := range all {
		changed = changed || t.current != current[i]
		t.current = current[i]
	}
	clear(l.retried)
	if !changed && l.counts[rankOf(Failing)] == 0 {
		return
	}
	l.again(func(p *phone, f *file) lane {
		cannot := f.cannot()
		switch {
		case f.templates != nil && f.templates.current != f.templatesAt:
			return urgent
		case cannot != "" && !l.retried[cannot]:
			// It may have failed before its templates were known, or for another one that was not there. If this file
			// can be made, compared has the others tried.
			l.retried[cannot] = true
			return idle
		}
		return noLane
	})
}

// cannot returns why the file cannot be made now, or "" if it can.
func (f *file) cannot() string {
	if f.trouble == nil {
		return ""
	}
	return f.trouble.cannot
}

// lookAtClock queues the phones with a file whose time ended. It also ends the notices whose time is over.
func (l *Ledger) lookAtClock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := momentOf(l.now())
	for p := range l.told {
		if p.told != nil && !l.now().Before(p.told.Until) {
			delete(l.told, p)
			l.changed(p)
		}
	}
	if l.next == 0 || now < l.next {
		return
	}
	l.next = 0
	l.again(func(p *phone, f *file) lane {
		switch {
		case f.until == 0:
		case f.until <= now:
			return urgent
		case l.next == 0 || f.until < l.next:
			l.next = f.until
		}
		return noLane
	})
}

// again queues phones for a comparison. laneOf returns the lane of a file; a phone gets the most urgent lane of its files.
func (l *Ledger) again(laneOf func(*phone, *file) lane) {
	for _, p := range l.order {
		in := noLane
		for i := range p.files {
			in = max(in, laneOf(p, &p.files[i]))
		}
		if p.served && in > noLane {
			l.lanes.add(p, in)
		}
	}
}
