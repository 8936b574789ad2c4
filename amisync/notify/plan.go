package notify

import (
	"container/heap"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// maxTries is how often a phone is told of one change.
	maxTries = 2
	// retrySlack is how much later than the second try the ledger takes the first for unanswered: the second has its turn before.
	retrySlack = 10 * time.Second
)

// seen is what the ledger says of a phone for which a change waits.
type seen struct {
	id         string
	files      files
	registered bool
	told       *ledger.Notice // nil: it was not told
}

// task is one phone that is to be told, or that was told and has not fetched yet.
type task struct {
	id         string
	change     string // files.text of what it is told of
	registered bool
	approved   bool // it may be told without a person
	byHand     bool // a person wants it
	reboot     bool // a person wants it to reboot
	tries      int
	due        time.Time // not before; after the first try that is when the second is due
	busySince  time.Time // zero: no call is up
	logged     bool      // it was logged in place of being told
	obstacle   string    // why the last attempt was none; empty: nothing stood in the way
	said       string    // what the ledger was told of the obstacle
	unheard    bool      // it was logged that there is no reaction
}

// plan decides who may be told and when. It has no clock: it is given the time.
type plan struct {
	spread time.Duration
	limit  int // 0: none
	jitter func(time.Duration) time.Duration

	tasks map[string]*task
	queue queue
	held  bool // too many phones are not approved
}

func newPlan(spread time.Duration, limit int, jitter func(time.Duration) time.Duration) *plan {
	return &plan{spread: spread, limit: limit, jitter: jitter, tasks: map[string]*task{}}
}

// update takes over all phones for which a change waits. settled: the ledger has compared all phones, so that none of this change is
// missing. It reports how many phones began to be held, and how many wait for the ledger to settle.
func (p *plan) update(now time.Time, phones []seen, settled bool) (held, unsettled int) {
	present := make(map[string]bool, len(phones))
	for _, s := range phones {
		present[s.id] = true
		p.see(s)
	}
	var waiting []*task
	for id, t := range p.tasks {
		switch {
		case !present[id] && t.byHand && t.tries == 0: // it is up to date, and a person wants it told all the same
		case !present[id]:
			delete(p.tasks, id)
		case !t.approved && !t.byHand:
			waiting = append(waiting, t)
		}
	}
	switch {
	case len(waiting) == 0:
		p.held = false
	case p.held: // a person decides on those that came since too
	case !settled:
		return 0, len(waiting)
	case p.limit > 0 && len(waiting) > p.limit:
		p.held = true
		return len(waiting), 0
	default:
		p.approve(now, waiting)
	}
	return 0, 0
}

// see takes over one phone.
func (p *plan) see(s seen) {
	t := p.tasks[s.id]
	if t == nil {
		t = &task{id: s.id, change: s.files.text()}
		p.tasks[s.id] = t
		if n := s.told; n != nil { // before we were started
			t.approved, t.tries, t.due, t.change = true, n.Tries, n.Until.Add(-retrySlack), n.Change
		}
	}
	if s.files.newerThan(t.change) { // where it was told already, it has the rest of its time for this one too
		if t.tries == 0 {
			t.due = time.Time{}
		}
		*t = task{id: t.id, byHand: t.byHand && t.tries == 0, reboot: t.reboot && t.tries == 0, due: t.due, busySince: t.busySince, said: t.said}
	}
	t.change = s.files.text()
	if was := t.registered; s.registered && !was {
		t.registered = true
		p.schedule(t)
	}
	t.registered = s.registered
}

// confirm approves all that is held, and reports how many phones that are.
func (p *plan) confirm(now time.Time) int {
	var all []*task
	for _, t := range p.tasks {
		if !t.approved && !t.byHand {
			all = append(all, t)
		}
	}
	p.approve(now, all)
	p.held = false
	return len(all)
}

// approve has phones told, spread over time.
func (p *plan) approve(now time.Time, all []*task) {
	for _, t := range all {
		t.approved = true
		if at := now.Add(p.jitter(p.spread)); at.After(t.due) {
			t.due = at
		}
		p.schedule(t)
	}
}

// byHand has a phone told because a person wants it.
func (p *plan) byHand(now time.Time, id string, reboot bool) {
	t := &task{id: id, registered: true, byHand: true, reboot: reboot, due: now}
	if old := p.tasks[id]; old != nil { // which may be in the hands of Run
		t.change, t.approved, t.said = old.change, old.approved, old.said
	}
	p.tasks[id] = t
	p.schedule(t)
}

// runnable reports whether a phone is to be told at its time.
func (t *task) runnable() bool {
	return (t.approved || t.byHand) && t.registered && t.tries < maxTries && !t.logged
}

// schedule puts a task into the queue for its time.
func (p *plan) schedule(t *task) {
	if t.runnable() {
		heap.Push(&p.queue, item{t, t.due})
	}
}

// next is the phone whose turn is next; nil: there is none.
func (p *plan) next() *task {
	for len(p.queue) > 0 {
		first := p.queue[0]
		if t := first.task; p.tasks[t.id] == t && t.runnable() && t.due.Equal(first.at) {
			return t
		}
		heap.Pop(&p.queue) // it has another time by now, or none
	}
	return nil
}

// told notes that a phone was told: within is how long it has.
func (p *plan) told(now time.Time, t *task, within time.Duration) {
	t.tries++
	t.due, t.obstacle, t.busySince, t.reboot = now.Add(within), "", time.Time{}, false
	p.schedule(t)
}

// later notes what stands in the way of telling a phone, and when to look again.
func (p *plan) later(t *task, at time.Time, obstacle string) {
	t.due, t.obstacle = at, obstacle
	p.schedule(t)
}

// busy notes that a call is up, and reports whether that still holds the phone back.
func (t *task) busy(now time.Time, limit time.Duration) bool {
	if t.busySince.IsZero() {
		t.busySince = now
	}
	return now.Before(t.busySince.Add(limit))
}

// why says why a phone is not told; empty: nothing stands in the way.
func (p *plan) why(t *task) string {
	switch {
	case !t.approved && !t.byHand && p.held:
		return heldWhy
	case t.tries >= maxTries:
		return ""
	case !t.registered:
		return notRegistered
	}
	return t.obstacle
}

// heldWhy is why a phone of a change that is too large is not told.
const heldWhy = "held, as the change is one of more phones than resync.limit: phoneprov notify --confirm tells them"

// queue is a heap of tasks by their time. A task may be in it several times: the item whose time is the task's counts.
type queue []item

type item struct {
	task *task
	at   time.Time
}

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is heap.Interface's.
func (q *queue) Push(x any) { *q = append(*q, x.(item)) }

// Pop is heap.Interface's.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = item{}
	*q = old[:len(old)-1]
	return last
}
