package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Bounds of what one rendering asks of Asterisk.
const (
	// maxAsked bounds its calls: two for every phone in a directory of 5,000.
	maxAsked = 10_000
	// maxAskedBytes bounds their answers: a file may be as long.
	maxAskedBytes = dialplan.DefaultOutput
	// maxPasses bounds how often a file is expanded to find calls that can be made side by side: once more than they nest,
	// and real ones nest twice. What needs more, or calls for something else each time, is asked one after the other.
	maxPasses = 8
	// defaultSideBySide is how many calls one rendering makes at once where the Renderer does not say.
	defaultSideBySide = 4
)

// errAsksTooMuch: the rendering exceeds maxAsked or maxAskedBytes.
var errAsksTooMuch = errors.New("too much is asked of asterisk")

// asking is what one rendering asks of Asterisk: every call once, those that do not need each other's answers side by side.
// The file is expanded; what it calls for is asked by goroutines of the asking's own while the rest is expanded, with
// dialplan.ErrPending for an answer; and when all are there it is expanded again, from the beginning, until none is missing.
type asking struct {
	r      *Renderer
	parent context.Context
	whole  bool // all calls are made, though one failed

	// Of the goroutine that expands.
	pending bool // an answer was missing in this pass
	inLine  bool // answers are waited for

	ctx     context.Context // of calls; nil until there is one
	giveUp  context.CancelCauseFunc
	running sync.WaitGroup

	mu     sync.Mutex
	calls  map[string]*asked
	order  []*asked
	next   int // of order: begun by nobody yet
	busy   int // goroutines
	bytes  int // of answers
	exceed bool
}

// asked is a call. What came of it is there when done is closed.
type asked struct {
	dialplan.Question
	done  chan struct{}
	value string
	err   error
	took  time.Duration
}

func (r *Renderer) asking(ctx context.Context) *asking { return &asking{r: r, parent: ctx} }

// end ends the calls that are under way.
func (b *asking) end() {
	if b.ctx != nil {
		b.giveUp(nil)
		b.running.Wait()
	}
}

// passes runs an expansion until it has all answers; what it made before is void. It returns what the last pass did.
func (b *asking) passes(expand func() error) error {
	for n := 1; ; n++ {
		over := b.ctx != nil && b.ctx.Err() != nil // then this pass tells what failed where
		b.pending, b.inLine = false, n > maxPasses
		err := expand()
		switch {
		case b.tooMuch():
			return errAsksTooMuch
		case !b.pending, err != nil && !errors.Is(err, dialplan.ErrPending):
			return err
		case over:
			return context.Cause(b.ctx)
		}
		b.running.Wait()
	}
}

func (b *asking) tooMuch() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.exceed
}

// askAt gives the answer to a question, or ErrPending. It is for the goroutine that expands.
func (b *asking) askAt(ctx context.Context, q dialplan.Question) (string, error) {
	c := b.call(q)
	if c == nil {
		return "", errAsksTooMuch
	}
	if b.inLine {
		select {
		case <-c.done:
		case <-b.ctx.Done():
		}
	}
	select {
	case <-c.done:
		return c.value, c.err
	default:
		b.pending = true
		return "", dialplan.ErrPending
	}
}

// call is the one of the question, which is begun where there is none; nil: there are too many.
func (b *asking) call(q dialplan.Question) *asked {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.calls[q.Call]; c != nil {
		return c
	}
	if b.ctx == nil {
		b.ctx, b.giveUp = context.WithCancelCause(b.parent)
		b.calls = map[string]*asked{}
	}
	if len(b.order) >= maxAsked {
		b.exceed = true
		return nil
	}
	c := &asked{Question: q, done: make(chan struct{})}
	b.calls[q.Call] = c
	b.order = append(b.order, c)
	most := b.r.options.SideBySide
	if most <= 0 {
		most = defaultSideBySide
	}
	if b.busy < most {
		b.busy++
		b.running.Go(b.work)
	}
	return c
}

// work makes calls as long as there are any.
func (b *asking) work() {
	for c := b.take(); c != nil; c = b.take() {
		start := time.Now()
		c.value, c.err = b.answer(c.Call)
		c.took = time.Since(start)
		b.answered(c)
	}
}

func (b *asking) take() *asked {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == len(b.order) || b.ctx.Err() != nil {
		b.busy--
		return nil
	}
	b.next++
	return b.order[b.next-1]
}

// answer asks. Whether there is such a function is looked at where the value is empty. Here no caller recovers: a panic is
// no answer, not the end of the process.
func (b *asking) answer(call string) (value string, err error) {
	defer func() {
		if v := recover(); v != nil {
			value, err = "", PanicError(v)
		}
	}()
	value, err = b.r.options.Ask(b.ctx, call)
	if value != "" || err != nil || b.r.options.Knows == nil {
		return value, err
	}
	function, _, _ := strings.Cut(call, "(")
	if e, ok := dialplan.Evaluate(call); ok {
		function = e.Function
	}
	if known, err := b.r.options.Knows(b.ctx, function); err == nil && !known {
		return "", dialplan.ErrNoFunction
	}
	return "", nil // where that cannot be told, check says so
}

// answered takes note of a call that has ended. One that ended because another failed has no answer.
func (b *asking) answered(c *asked) {
	b.mu.Lock()
	defer b.mu.Unlock()
	failed := c.err != nil && !errors.Is(c.err, dialplan.ErrNoFunction)
	if failed && b.ctx.Err() != nil {
		return
	}
	if b.bytes += len(c.value); b.bytes > maxAskedBytes {
		b.exceed = true
	}
	close(c.done)
	switch {
	case b.exceed:
		b.giveUp(errAsksTooMuch)
	case failed && !b.whole:
		b.giveUp(fmt.Errorf("%w: %w", dialplan.ErrCannotAsk, c.err))
	}
}

// ended are the calls that have ended, in the order that they were asked in, when no more are under way.
func (b *asking) ended() []*asked {
	b.end()
	var calls []*asked
	for _, c := range b.order {
		select {
		case <-c.done:
			calls = append(calls, c)
		default:
		}
	}
	return calls
}
