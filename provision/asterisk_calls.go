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

// Bounds of the questions of one rendering to Asterisk.
const (
	// maxAsked bounds the calls: two for every phone in a directory of 5,000.
	maxAsked = 10_000
	// maxAskedBytes bounds all answers together: as long as a file may be.
	maxAskedBytes = dialplan.DefaultOutput
	// maxPasses bounds how often a file is expanded to find calls that can be made side by side. Each pass resolves one
	// level of nested calls, and real ones nest twice. A file that needs more passes, or makes other calls each time,
	// has its remaining calls made one after the other.
	maxPasses = 8
	// defaultSideBySide is how many calls one rendering makes at once by default.
	defaultSideBySide = 4
)

// errAsksTooMuch: the rendering exceeds maxAsked or maxAskedBytes.
var errAsksTooMuch = errors.New("the file asks asterisk too much")

// asteriskCalls makes the calls of one rendering to Asterisk: each call once, and independent calls side by side.
//
// The rendering expands the file in passes. In a pass a call without an answer is dialplan.ErrPending: goroutines of
// asteriskCalls make the call while the rest of the file is expanded. When all answers are there, the next pass expands
// the file from the beginning, until no answer is missing.
type asteriskCalls struct {
	r      *Renderer
	parent context.Context
	whole  bool // make all calls, even if one failed

	// For the goroutine that expands.
	pending bool // an answer was missing in this pass
	inLine  bool // askAt waits for answers

	ctx     context.Context // of the calls; nil until there is one
	giveUp  context.CancelCauseFunc
	running sync.WaitGroup

	mu       sync.Mutex
	calls    map[string]*asteriskCall
	order    []*asteriskCall
	next     int // index in order of the first call that no goroutine has taken
	busy     int // number of goroutines
	bytes    int // of all answers
	exceeded bool
}

// asteriskCall is one call. Its result is set when done is closed.
type asteriskCall struct {
	dialplan.Question
	done  chan struct{}
	value string
	err   error
	took  time.Duration
}

func (r *Renderer) newCalls(ctx context.Context) *asteriskCalls {
	return &asteriskCalls{r: r, parent: ctx}
}

// end cancels the calls that are being made and waits for their goroutines.
func (b *asteriskCalls) end() {
	if b.ctx != nil {
		b.giveUp(nil)
		b.running.Wait()
	}
}

// passes runs an expansion until it has all answers, and returns the result of the last pass. The results of earlier
// passes are invalid.
func (b *asteriskCalls) passes(expand func() error) error {
	for n := 1; ; n++ {
		over := b.ctx != nil && b.ctx.Err() != nil // a call failed: this pass reports which one and where
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

func (b *asteriskCalls) tooMuch() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.exceeded
}

// askAt returns the answer to a question, or ErrPending. Only the goroutine that expands may call it.
func (b *asteriskCalls) askAt(ctx context.Context, q dialplan.Question) (string, error) {
	c := b.callFor(q)
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

// callFor returns the call of a question, and begins it if it is new. It returns nil if there are too many calls.
func (b *asteriskCalls) callFor(q dialplan.Question) *asteriskCall {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.calls[q.Call]; c != nil {
		return c
	}
	if b.ctx == nil {
		b.ctx, b.giveUp = context.WithCancelCause(b.parent)
		b.calls = map[string]*asteriskCall{}
	}
	if len(b.order) >= maxAsked {
		b.exceeded = true
		return nil
	}
	c := &asteriskCall{Question: q, done: make(chan struct{})}
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

// work makes calls until there are no more.
func (b *asteriskCalls) work() {
	for c := b.nextCall(); c != nil; c = b.nextCall() {
		start := time.Now()
		c.value, c.err = b.evaluate(c.Call)
		c.took = time.Since(start)
		b.finish(c)
	}
}

func (b *asteriskCalls) nextCall() *asteriskCall {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == len(b.order) || b.ctx.Err() != nil {
		b.busy--
		return nil
	}
	b.next++
	return b.order[b.next-1]
}

// evaluate makes a call. If the value is empty, it finds out whether Asterisk has the function. It recovers from a
// panic, because no caller of this goroutine does and the process would end.
func (b *asteriskCalls) evaluate(call string) (value string, err error) {
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
	return "", nil // Asterisk does not tell: check reports it
}

// finish stores the result of a call. A call that was cancelled because another one failed has none.
func (b *asteriskCalls) finish(c *asteriskCall) {
	b.mu.Lock()
	defer b.mu.Unlock()
	failed := c.err != nil && !errors.Is(c.err, dialplan.ErrNoFunction)
	if failed && b.ctx.Err() != nil {
		return
	}
	if b.bytes += len(c.value); b.bytes > maxAskedBytes {
		b.exceeded = true
	}
	close(c.done)
	switch {
	case b.exceeded:
		b.giveUp(errAsksTooMuch)
	case failed && !b.whole:
		b.giveUp(fmt.Errorf("%w: %w", dialplan.ErrCannotAsk, c.err))
	}
}

// finished waits for all calls and returns those with a result, in the order in which they were asked.
func (b *asteriskCalls) finished() []*asteriskCall {
	b.end()
	var calls []*asteriskCall
	for _, c := range b.order {
		select {
		case <-c.done:
			calls = append(calls, c)
		default:
		}
	}
	return calls
}
