package ask

import "time"

// Bounds of what is kept of Asterisk's answers. When they are reached the oldest go.
const (
	maxKept      = 10_000  // answers
	maxKeptBytes = 4 << 20 // of questions and answers: ten times what 5,000 phones with a name each take
)

// kept holds answers for some time.
type kept struct {
	ttl   time.Duration // zero: none is held; forever: until clear
	bytes int
	by    map[string]keptAnswer
	order []string // of by: oldest first, so they expire in this order
}

type keptAnswer struct {
	outcome
	at time.Time
}

func newKept(ttl time.Duration) kept { return kept{ttl: ttl, by: map[string]keptAnswer{}} }

func (k *kept) get(question string) (outcome, bool) {
	k.expire()
	had, ok := k.by[question]
	return had.outcome, ok
}

// put adds an answer that get did not have.
func (k *kept) put(question string, o outcome) {
	if k.ttl <= 0 {
		return
	}
	k.expire()
	if _, ok := k.by[question]; ok {
		return // the first says when it was asked
	}
	k.by[question] = keptAnswer{o, time.Now()}
	k.order = append(k.order, question)
	k.bytes += len(question) + len(o.value)
	for len(k.order) > maxKept || k.bytes > maxKeptBytes {
		k.drop()
	}
}

func (k *kept) expire() {
	for len(k.order) > 0 && time.Since(k.by[k.order[0]].at) >= k.ttl {
		k.drop()
	}
}

// drop forgets the oldest.
func (k *kept) drop() {
	oldest := k.order[0]
	k.bytes -= len(oldest) + len(k.by[oldest].value)
	delete(k.by, oldest)
	k.order = k.order[1:]
}

func (k *kept) clear() {
	clear(k.by)
	k.order, k.bytes = nil, 0
}
