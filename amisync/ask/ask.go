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

	"golang.org/x/sync/singleflight"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/memo"
)

const (
	// maxQuestions bounds the questions under way, those included that wait for a connection: more than a building full
	// of phones asks at once, and some megabytes.
	maxQuestions = 10_000
	// maxAnswers bounds the remembered answers, in bytes: five times what 5,000 phones with a name each take.
	maxAnswers = 4 << 20
)

// Asker asks Asterisk for function calls. Its methods may be called from any goroutine.
type Asker struct {
	target       ami.Target
	timeout, ttl time.Duration
	selects      atomic.Pointer[map[string]bool] // see SetSelects; nil: not known
	assumeBooted func() bool                     // see Options
	turns        *turns

	generation atomic.Pointer[generation]

	ctx    context.Context // of all questions; ends with Close
	cancel context.CancelFunc

	mu       sync.Mutex
	idle     []*connection
	underWay int // questions, those of forgotten generations included
	closed   bool
	all      sync.WaitGroup // questions under way
}

// generation is what was asked between two calls of Forget.
type generation struct {
	calls   singleflight.Group
	answers *memo.Memo[string, answer]
}

// answer is what Asterisk answered to a question.
type answer struct {
	value string
	err   error     // a refusal; nil: there is a value
	until time.Time // when it must be asked again
}

// question is an action with one field, and how its answer is remembered.
type question struct {
	action, field, value string
	function             string        // for the turns
	ttl                  time.Duration // of the answer; 0: it is not remembered
	rememberRefusal      bool
}

func (q question) key() string { return q.action + " " + q.value }

// Options configure an Asker.
type Options struct {
	Target      ami.Target    // if it has no Address, every question fails
	Connections int           // at most
	Timeout     time.Duration // of one question, with the wait for a connection
	TTL         time.Duration // for how long an answer is given again; 0: it is not
	// AssumeBooted reports whether an Asterisk that has not said that it is booted is to be asked all the same.
	AssumeBooted func() bool
}

// New returns an Asker, which connects when it is first asked.
func New(o Options) *Asker {
	o.Target.Events = "system" // FullyBooted is one of them
	a := &Asker{
		target: o.Target, timeout: o.Timeout, ttl: o.TTL, assumeBooted: o.AssumeBooted, turns: newTurns(o.Connections),
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.Forget()
	return a
}

// forever is a time that does not end.
const forever = time.Duration(math.MaxInt64)

// SetSelects names the functions of func_odbc.conf that only select. They may be called several times for one value.
func (a *Asker) SetSelects(functions map[string]bool) { a.selects.Store(&functions) }

// onlySelects reports whether a function of func_odbc.conf only selects.
func (a *Asker) onlySelects(function string) bool {
	known := a.selects.Load()
	return known != nil && (*known)[function]
}

// Ask returns the value of a call such as "DB(family/key)". The error is a dialplan.ErrCannotAsk if Asterisk cannot be asked
// or does not answer in time. An unknown function has the value "", as in Asterisk.
func (a *Asker) Ask(ctx context.Context, call string) (string, error) {
	function, _, _ := strings.Cut(call, "(")
	if e, ok := dialplan.Evaluate(call); ok {
		function = e.Function
	}
	return a.ask(ctx, question{action: "Getvar", field: "Variable", value: call, function: function, ttl: a.ttl})
}

// commandFailed is Asterisk's Message if a CLI command fails, as "core show function" does for an unknown name. For a command
// that the account may not give, Asterisk has another Message.
const commandFailed = "Command output follows"

// functionBytes are the bytes of a function's name. None of them ends a command or begins another.
const functionBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

// Knows reports whether Asterisk has a function of that name. The account needs write = command. The answer is remembered until
// Forget, also if it is that the account may not ask.
func (a *Asker) Knows(ctx context.Context, function string) (bool, error) {
	if strings.Trim(function, functionBytes) != "" {
		return false, nil
	}
	_, err := a.ask(ctx, question{
		action: "Command", field: "Command", value: "core show function " + function, function: "core show function",
		ttl: forever, rememberRefusal: true,
	})
	if refused, ok := errors.AsType[*ami.ActionError](err); ok && refused.Message == commandFailed {
		return false, nil
	}
	return err == nil, err
}

// ask returns the remembered answer to a question, or the answer of the same question under way, or asks.
func (a *Asker) ask(ctx context.Context, q question) (string, error) {
	if err := ami.CheckField(q.field, q.value); err != nil {
		return "", err
	}
	g := a.generation.Load()
	if had, ok := g.answer(q); ok {
		return had.value, had.err
	}
	answered := g.calls.DoChan(q.key(), func() (any, error) {
		if had, ok := g.answer(q); ok { // another caller's question has ended since
			return had.value, had.err
		}
		value, err := a.question(q)
		g.remember(q, value, err)
		return value, err
	})
	select {
	case got := <-answered:
		return got.Val.(string), got.Err
	case <-ctx.Done():
		return "", cannot(ami.LateError(q.action, ctx))
	}
}

// question asks Asterisk, unless the Asker is closed or has too many questions.
func (a *Asker) question(q question) (string, error) {
	if err := a.begin(); err != nil {
		return "", cannot(err)
	}
	defer a.end()
	ctx, cancel := context.WithTimeout(a.ctx, a.timeout)
	defer cancel()
	return a.askInTurn(ctx, q)
}

func (a *Asker) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return ami.ErrClosed
	case a.underWay >= maxQuestions:
		return errors.New("too many calls wait for asterisk")
	}
	a.underWay++
	a.all.Add(1)
	return nil
}

func (a *Asker) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.underWay--
	a.all.Done()
}

// answer returns a remembered answer that is not too old.
func (g *generation) answer(q question) (answer, bool) {
	had, ok := g.answers.Get(q.key())
	return had, ok && time.Now().Before(had.until)
}

func (g *generation) remember(q question, value string, err error) {
	_, refused := errors.AsType[*ami.ActionError](err)
	if q.ttl <= 0 || err != nil && !(refused && q.rememberRefusal) {
		return
	}
	g.answers.Put(q.key(), answer{value, err, time.Now().Add(q.ttl)}, len(q.key())+len(value))
}

// Forget drops all answers, and lets nobody join the questions under way: callers from now on get what Asterisk says from
// now on.
func (a *Asker) Forget() {
	a.generation.Store(&generation{answers: memo.New[string, answer](maxAnswers, maxAnswers)})
}

// leastTime is the fraction of the timeout that a question needs when its turn comes. A question that is late loses its
// connection, and a new connection takes time.
const leastTime = 4

func (a *Asker) askInTurn(ctx context.Context, q question) (string, error) {
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

// Close ends the questions under way and the connections. Questions from now on fail.
func (a *Asker) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.cancel()
	a.all.Wait()
	for _, c := range a.idle {
		c.Close()
	}
	a.idle = nil
}
