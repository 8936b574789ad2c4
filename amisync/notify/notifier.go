package notify

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// scanSoon is the pause between a change of the ledger and a scan. Changes come in bursts.
	scanSoon = 200 * time.Millisecond
	// scanEvery is the pause between two scans without a change.
	scanEvery = 30 * time.Second
	// scanShare bounds the cost of scanning a large ledger: the pause is at least scanShare times as long as the scan.
	scanShare = 20
	// settleLimit bounds the wait for the ledger to compare all phones. After it, the changes known so far count as
	// all.
	settleLimit = 5 * time.Minute
	// busyPause is the pause between two looks at a phone in a call.
	busyPause = 2 * time.Second
	// downPause is the pause for all phones after Asterisk could not be asked.
	downPause = 5 * time.Second
	// deniedPause is the pause for all phones after Asterisk denied the right to tell them.
	deniedPause = time.Minute
	// otherPause is the pause between two tries for a phone that cannot be told for another reason.
	otherPause = time.Minute
	// actionTimeout bounds the time for one answer of Asterisk.
	actionTimeout = 5 * time.Second
)

// Notifier tells phones that their files have changed.
type Notifier struct {
	o       Options
	limiter *rate.Limiter
	poked   chan struct{} // of size one: the plan has something new

	mu     sync.Mutex
	plan   *plan
	denied map[string]string // what an Asterisk said when it last denied the right to tell phones, by PBX

	scanAt      time.Time        // time of the next scan
	unsettledAt time.Time        // start of the wait for the ledger to settle; zero: no change waits for that
	pauses      map[string]pause // of each Asterisk that could not be asked, by PBX
}

// pause keeps phones of one Asterisk from being told.
type pause struct {
	until  time.Time
	reason string
}

// asterisk returns the Asterisk of a phone.
func (n *Notifier) asterisk(pbx string) Asterisk {
	if a := n.o.PBXs[pbx]; a != nil {
		return a
	}
	return n.o.Asterisk
}

// New makes a Notifier. It starts nothing.
func New(o Options) *Notifier {
	if o.Jitter == nil {
		o.Jitter = func(most time.Duration) time.Duration {
			if most <= 0 {
				return 0
			}
			return rand.N(most)
		}
	}
	if o.Shared == nil {
		o.Shared = func(_, _ string) bool { return false }
	}
	o.Rate = max(o.Rate, 1)
	return &Notifier{
		o: o, limiter: rate.NewLimiter(rate.Limit(o.Rate), 1), poked: make(chan struct{}, 1),
		plan: newPlan(o.Spread, o.Limit, o.Jitter), denied: map[string]string{}, pauses: map[string]pause{},
	}
}

// Run tells phones until the context ends.
func (n *Notifier) Run(ctx context.Context) {
	updates, end := n.o.Ledger.Subscribe(ledger.KindEvent, ledger.KindSync)
	defer end()
	n.scanAt = time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-updates:
			if !matters(u) {
				continue
			}
			if at := time.Now().Add(scanSoon); at.Before(n.scanAt) {
				n.scanAt = at
			}
		case <-n.poked:
		case <-timer.C:
		}
		if n.o.Mode != Off && !time.Now().Before(n.scanAt) {
			n.scan()
		}
		next := n.step(ctx)
		if n.o.Mode != Off {
			next = earlier(next, n.scanAt)
		}
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(time.Until(next), 0))
		}
	}
}

// earlier returns the earlier of two times. The zero time means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// matters reports whether an update can change which phones to tell.
func matters(u ledger.Update) bool {
	if u.Event == nil {
		return u.Sync != nil
	}
	switch u.Event.Kind {
	case ledger.StateEvent, ledger.RegisteredEvent, ledger.UnregisteredEvent, ledger.ChangedEvent, ledger.RemovedEvent:
		return true
	}
	return false
}

// poke makes Run look at the plan. It never blocks.
func (n *Notifier) poke() {
	select {
	case n.poked <- struct{}{}:
	default:
	}
}

// scan reads the phones with a waiting change from the ledger, and updates the plan.
func (n *Notifier) scan() {
	begun := time.Now()
	before := n.o.Ledger.Stats()
	var phones []seen
	unheard := map[string]ledger.Phone{}
	q := ledger.Query{States: []ledger.State{ledger.ChangeWaiting, ledger.Told, ledger.NoReaction}, Limit: ledger.MaxLimit}
	for {
		page, err := n.o.Ledger.Phones(q)
		if err != nil {
			n.o.Log.Error().Err(err).Msg("resync: the ledger cannot be read")
			break
		}
		for i := range page.Items {
			p := &page.Items[i]
			phones = append(phones, seen{p.ID, p.PBX, filesOf(p), registered(p), p.Told})
			if p.State == ledger.NoReaction && p.Told != nil && p.Told.Tries >= maxTries {
				unheard[p.ID] = ledger.Phone{ID: p.ID, Reason: p.Reason}
			}
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	now := time.Now()
	after := n.o.Ledger.Stats()
	settled := before.Comparing == 0 && after.Comparing == 0 && before.Compared == after.Compared // else phones may have part of a change
	settled = settled || !n.unsettledAt.IsZero() && now.Sub(n.unsettledAt) >= settleLimit
	n.mu.Lock()
	held, unsettled := n.plan.update(now, phones, settled)
	for id, p := range unheard {
		if t := n.plan.tasks[id]; t != nil && !t.unheard {
			t.unheard = true
			defer n.o.Log.Warn().Str("phone", id).Str("reason", p.Reason).Msg("resync: the phone was told that its files have changed, twice, and has not fetched them")
		}
	}
	says := n.says()
	n.mu.Unlock()
	n.say(says)
	if held > 0 {
		n.o.Log.Warn().Int("phones", held).Int("limit", n.o.Limit).
			Msg("resync: a change touches more phones than resync.limit; they are told when a person confirms it: phoneprov notify --confirm")
	}
	n.scanAt = now.Add(max(scanEvery, scanShare*now.Sub(begun)))
	if unsettled > 0 {
		if n.unsettledAt.IsZero() {
			n.unsettledAt = now
		}
		n.scanAt = now.Add(max(scanSoon, scanShare*now.Sub(begun)))
	} else {
		n.unsettledAt = time.Time{}
	}
}

// registered reports whether Asterisk sees a contact of one of a phone's lines.
func registered(p *ledger.Phone) bool {
	for _, l := range p.Lines {
		if l.Registered {
			return true
		}
	}
	return false
}

// says returns the obstacles that the ledger does not know yet, by phone. The caller holds mu.
func (n *Notifier) says() map[string]string {
	news := map[string]string{}
	for id, t := range n.plan.tasks {
		if why := n.plan.why(t); why != t.said {
			t.said = why
			news[id] = why
		}
	}
	return news
}

func (n *Notifier) say(news map[string]string) {
	if n.o.Mode == Off {
		return
	}
	for id, why := range news {
		n.o.Ledger.PhoneUntold(id, why)
	}
}

// step tells the next phone if it is due. It returns the time of the next step; zero: no phone waits for a time.
func (n *Notifier) step(ctx context.Context) time.Time {
	now := time.Now()
	n.mu.Lock()
	t := n.plan.next()
	n.mu.Unlock()
	if t == nil {
		return time.Time{}
	}
	switch paused := n.pauses[t.pbx]; {
	case now.Before(paused.until) && n.o.PBXs == nil:
		return paused.until
	case now.Before(t.due):
		return t.due
	case now.Before(paused.until): // the phones of the other Asterisks do not wait
		n.later(t, paused.until.Sub(now), paused.reason)
		return now
	}
	n.tell(ctx, t)
	return time.Now()
}

// Denied returns what an Asterisk said when it last denied the right to tell phones; empty: it does not deny it. pbx is
// ledger.Phone.PBX.
func (n *Notifier) Denied(pbx string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.denied[pbx]
}

// Held returns the number of phones that wait until a person confirms their change.
func (n *Notifier) Held() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	held := 0
	for _, t := range n.plan.tasks {
		if n.plan.held && !t.approved && !t.byHand {
			held++
		}
	}
	return held
}
