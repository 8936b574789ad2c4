package notify

import (
	"container/heap"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// maxTries is the number of NOTIFYs that a phone gets for one change.
	maxTries = 2
	// retrySlack is added to the time in which the ledger expects a fetch after the first try. So the second try comes
	// before the ledger sees no reaction.
	retrySlack = 10 * time.Second
)

// seen is a phone with a waiting change, as the ledger has it.
type seen struct {
	id, pbx    string
	files      files
	registered bool
	told       *ledger.Notice // nil: the phone was not told
}

// task is a phone to tell, or a phone that was told and has not fetched yet.
type task struct {
	id, pbx    string
	change     string // files.text of the change
	registered bool
	approved   bool // the phone may be told without a confirmation
	byHand     bool // a person wants the phone told
	reboot     bool // a person wants the phone to reboot
	tries      int
	due        time.Time // earliest time of the next try; after a try, also the end of the time to fetch
	busySince  time.Time // zero: no call is up
	logged     bool      // the log has the phone instead of a NOTIFY
	obstacle   string    // why the last attempt sent no NOTIFY; empty: nothing stood in the way
	said       string    // the obstacle that the ledger knows
	unheard    bool      // the log has that there is no reaction
}

// plan decides which phones may be told, and when. It has no clock: its callers pass the time.
type plan struct {
	spread time.Duration
	limit  int // 0: none
	jitter func(time.Duration) time.Duration

	tasks map[string]*task
	queue queue
	held  bool // a change exceeds the limit, and its phones wait for a confirmation
}

func newPlan(spread time.Duration, limit int, jitter func(time.Duration) time.Duration) *plan {
	return &plan{spread: spread, limit: limit, jitter: jitter, tasks: map[string]*task{}}
}

// update gets all phones with a waiting change. settled says that phones counts as complete. If this call begins to
// hold a change, held is the number of its phones. unsettled is the number of phones that wait until phones is
// complete.
func (p *plan) update(now time.Time, phones []seen, settled bool) (held, unsettled int) {
	present := make(map[string]bool, len(phones))
	for _, s := range phones {
		present[s.id] = true
		p.see(s)
	}
	var waiting []*task
	for id, t := range p.tasks {
		switch {
		case !present[id] && t.byHand && t.tries == 0: // it is up to date, but a person wants it told
		case !present[id]:
			delete(p.tasks, id)
		case !t.approved && !t.byHand:
			waiting = append(waiting, t)
		}
	}
	switch {
	case len(waiting) == 0:
		p.held = false
	case p.held: // new phones wait for the confirmation too
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

// see updates the task of one phone, or creates it.
func (p *plan) see(s seen) {
	t := p.tasks[s.id]
	if t == nil {
		t = &task{id: s.id, pbx: s.pbx, change: s.files.text()}
		p.tasks[s.id] = t
		if n := s.told; n != nil { // it was told before we started
			t.approved, t.tries, t.due, t.change = true, n.Tries, n.Until.Add(-retrySlack), n.Change
		}
	}
	if s.files.newerThan(t.change) { // a phone that was told keeps its due, and can fetch both changes until then
		if t.tries == 0 {
			t.due = time.Time{}
		}
		*t = task{id: t.id, byHand: t.byHand && t.tries == 0, reboot: t.reboot && t.tries == 0, due: t.due, busySince: t.busySince, said: t.said}
	}
	t.pbx, t.change = s.pbx, s.files.text()
	if was := t.registered; s.registered && !was {
		t.registered = true
		p.schedule(t)
	}
	t.registered = s.registered
}

// confirm approves all held phones, and returns their number.
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

// approve schedules phones, spread over time.
func (p *plan) approve(now time.Time, all []*task) {
	for _, t := range all {
		t.approved = true
		if at := now.Add(p.jitter(p.spread)); at.After(t.due) {
			t.due = at
		}
		p.schedule(t)
	}
}

// byHand schedules a phone because a person wants it told.
func (p *plan) byHand(now time.Time, id, pbx string, reboot bool) {
	t := &task{id: id, pbx: pbx, registered: true, byHand: true, reboot: reboot, due: now}
	if old := p.tasks[id]; old != nil { // Run may be using old, so a new task replaces it
		t.change, t.approved, t.said = old.change, old.approved, old.said
	}
	p.tasks[id] = t
	p.schedule(t)
}

// runnable reports whether the phone may be told when it is due.
func (t *task) runnable() bool {
	return (t.approved || t.byHand) && t.registered && t.tries < maxTries && !t.logged
}

// schedule queues a task for its due time, if it is runnable.
func (p *plan) schedule(t *task) {
	if t.runnable() {
		heap.Push(&p.queue, item{t, t.due})
	}
}

// next returns the runnable task with the earliest due time, or nil if there is none.
func (p *plan) next() *task {
	for len(p.queue) > 0 {
		first := p.queue[0]
		if t := first.task; p.tasks[t.id] == t && t.runnable() && t.due.Equal(first.at) {
			return t
		}
		heap.Pop(&p.queue) // the task has another due time by now, or is not runnable
	}
	return nil
}

// told notes that a phone was told. The phone has the time within to fetch.
func (p *plan) told(now time.Time, t *task, within time.Duration) {
	t.tries++
	t.due, t.obstacle, t.busySince, t.reboot = now.Add(within), "", time.Time{}, false
	p.schedule(t)
}

// later notes the obstacle to telling a phone, and the time of the next look.
func (p *plan) later(t *task, at time.Time, obstacle string) {
	t.due, t.obstacle = at, obstacle
	p.schedule(t)
}

// busy notes that a call is up. It reports whether the phone must still wait for its end.
func (t *task) busy(now time.Time, limit time.Duration) bool {
	if t.busySince.IsZero() {
		t.busySince = now
	}
	return now.Before(t.busySince.Add(limit))
}

// why returns the reason why a phone is not told; empty: nothing stands in the way.
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

// heldWhy is the reason for a phone of a change that exceeds the limit.
const heldWhy = "held, as the change is one of more phones than resync.limit: phoneprov notify --confirm tells them"

// queue is a heap of tasks by time. A task may have several items. Only the item with the task's due time counts.
type queue []item

type item struct {
	task *task
	at   time.Time
}

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(item)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = item{}
	*q = old[:len(old)-1]
	return last
}
