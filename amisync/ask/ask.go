package ask

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// maxFlights bounds the questions under way, those that wait for a connection among them: more than a building full of
// phones asks at once, and some megabytes.
const maxFlights = 10_000

// Asker asks Asterisk for function calls, on connections of its own that are opened when they are needed.
type Asker struct {
	target       ami.Target
	timeout      time.Duration
	odbc         atomic.Pointer[map[string]bool] // functions of func_odbc.conf that only select; nil: not known
	assumeBooted func() bool                     // see Options
	turns        *turns

	life  context.Context // of questions: they go on when nobody waits for them any more
	end   context.CancelFunc
	calls sync.WaitGroup

	mu      sync.Mutex
	idle    []*connection
	flights map[question]*flight // that another caller may join
	flying  int                  // those among them, and the forgotten ones
	values  kept                 // answers of functions
	known   kept                 // which functions there are
	closed  bool
}

// question is an action of one field, and the function that it is about.
type question struct{ action, field, value, function string }

// outcome is how a question ended.
type outcome struct {
	value string
	err   error
}

// flight is a question under way. Outcome is there when done is closed.
type flight struct {
	done chan struct{}
	outcome
}

// Options configure an Asker.
type Options struct {
	Target      ami.Target    // without Address every question fails
	Connections int           // at most
	Timeout     time.Duration // for one call, with the wait for a connection
	TTL         time.Duration // for how long an answer is given again; zero: it is not
	// AssumeBooted reports whether an Asterisk that has not said that it is booted is to be asked all the same.
	AssumeBooted func() bool
}

// New returns an Asker, which connects at the first question.
func New(o Options) *Asker {
	o.Target.Events = "system" // FullyBooted among them
	a := &Asker{
		target: o.Target, timeout: o.Timeout, assumeBooted: o.AssumeBooted, turns: newTurns(o.Connections), flights: map[question]*flight{},
		values: newKept(o.TTL), known: newKept(forever),
	}
	a.life, a.end = context.WithCancel(context.Background())
	return a
}

// forever is a time that does not end.
const forever = time.Duration(math.MaxInt64)

// SetSelects names the functions of func_odbc.conf that only select. They may be called several times for one value.
func (a *Asker) SetSelects(functions map[string]bool) { a.odbc.Store(&functions) }

// Ask returns the value of a call such as "DB(family/key)". Where Asterisk cannot be asked, or does not answer in time,
// the error is a dialplan.ErrCannotAsk. An unknown function and an empty value look the same: "".
func (a *Asker) Ask(ctx context.Context, call string) (string, error) {
	function, _, _ := strings.Cut(call, "(")
	if e, ok := dialplan.Evaluate(call); ok {
		function = e.Function
	}
	got, err := a.do(ctx, question{"Getvar", "Variable", call, function}, &a.values)
	if err != nil {
		return "", err
	}
	return got.value, got.err
}

// selects tells whether a function of func_odbc.conf only selects.
func (a *Asker) selects(function string) bool {
	known := a.odbc.Load()
	return known != nil && (*known)[function]
}

// commandFailed is Asterisk's Message where a command of the CLI fails, as "core show function" does for a name that is
// none; where the command may not be given, it is another.
const commandFailed = "Command output follows"

// Knows reports whether Asterisk has a function of that name. It needs the right to write "command". What Asterisk says is
// remembered, a refusal too.
func (a *Asker) Knows(ctx context.Context, function string) (bool, error) {
	if strings.Trim(function, functionBytes) != "" {
		return false, nil
	}
	got, err := a.do(ctx, question{"Command", "Command", "core show function " + function, "core show function"}, &a.known)
	if err != nil {
		return false, err
	}
	if refused, ok := errors.AsType[*ami.ActionError](got.err); ok && refused.Message == commandFailed {
		return false, nil
	}
	return got.err == nil, got.err
}

// functionBytes are those of a function's name, among which none ends or adds to a command.
const functionBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

// do has a question answered: as it was a moment ago, with those who ask the same just now, or afresh. The error is of the
// asking itself; what Asterisk refuses is in the outcome.
func (a *Asker) do(ctx context.Context, q question, memory *kept) (outcome, error) {
	if err := ami.CheckField(q.field, q.value); err != nil {
		return outcome{}, err
	}
	a.mu.Lock()
	if had, ok := memory.get(q.value); ok {
		a.mu.Unlock()
		return had, nil
	}
	f := a.board(q, memory)
	a.mu.Unlock()
	select {
	case <-f.done:
		return f.outcome, nil
	case <-ctx.Done():
		return outcome{}, cannot(ami.LateError(q.action, ctx))
	}
}

// board is the flight of a question, which may have to begin. a.mu is held.
func (a *Asker) board(q question, memory *kept) *flight {
	if f := a.flights[q]; f != nil {
		return f
	}
	f := &flight{done: make(chan struct{})}
	switch {
	case a.closed:
		f.err = cannot(ami.ErrClosed)
	case a.flying >= maxFlights:
		f.err = cannot(errors.New("too many calls wait for asterisk"))
	default:
		a.flights[q] = f
		a.flying++
		a.calls.Go(func() { a.fly(q, f, memory) })
		return f
	}
	close(f.done)
	return f
}

// fly has one question answered, in its turn and in time.
func (a *Asker) fly(q question, f *flight, memory *kept) {
	defer close(f.done)
	ctx, cancel := context.WithTimeout(a.life, a.timeout)
	defer cancel()
	f.value, f.err = a.inTurn(ctx, q)
	_, refused := errors.AsType[*ami.ActionError](f.err)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flying--
	if a.flights[q] != f { // what it says may be of before a reload
		return
	}
	delete(a.flights, q)
	if f.err == nil || refused && memory == &a.known {
		memory.put(q.value, f.outcome)
	}
}

// Forget drops what Asterisk has answered so far: who asks from now on gets what it says from now on.
func (a *Asker) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.flights)
	a.values.clear()
	a.known.clear()
}

// leastTime is the part of the timeout that a question must have left when its turn comes: one that is late ends the
// connection, and a new one takes its time.
const leastTime = 4

func (a *Asker) inTurn(ctx context.Context, q question) (string, error) {
	wait, cancel := context.WithTimeout(ctx, a.timeout-a.timeout/leastTime)
	defer cancel()
	t, err := a.turns.take(wait, q.function)
	if err != nil {
		return "", cannot(ami.LateError("wait for a turn", wait))
	}
	value, err := a.exchange(ctx, q)
	a.turns.end(t, errors.Is(err, context.DeadlineExceeded))
	return value, err
}

func cannot(err error) error { return fmt.Errorf("%w: %w", dialplan.ErrCannotAsk, err) }

// Close ends the connections and the questions that are under way. Calls from now on fail.
func (a *Asker) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.end()
	a.calls.Wait()
	for _, c := range a.idle {
		c.Close()
	}
	a.idle = nil
}
