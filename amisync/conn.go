package amisync

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ivahaev/amigo"

	"github.com/phoneprov/phoneprov/provision"
)

const (
	// amigoInterval is how long amigo's goroutine sleeps after its connection ended, before it sees that it was closed.
	amigoInterval = 100 * time.Millisecond
	// amigoPatience is longer than any deadline of ours: amigo's own time limit must never be the one that ends an action.
	amigoPatience = 10 * time.Minute
	// teardown bounds each wait for amigo when a connection ends.
	teardown = 5 * time.Second
)

// target is what to connect to, and as whom.
type target struct {
	address  string
	username string
	secret   provision.Secret
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	events   string          // classes of events wanted: "system,call", "off"
	ending   *sync.WaitGroup // joins what a lost connection leaves to do
	// configDir is where Asterisk's files may be readable from here, for messages; empty: nowhere.
	configDir string
	told      *atomic.Bool // Asterisk has told this account, on some connection, that it is booted
}

// conn is one connection to Asterisk that has logged in. When it is lost it stays lost: done is closed, and err says why.
// Each of its calls ends when its context does; that also ends the connection, as the answer could still come and would
// be taken for another's.
type conn struct {
	target  target
	bridge  *bridge
	amigo   *amigo.Amigo
	onEvent func(message) // called one at a time; must not block

	evals, evalAsked bool // see findEval; of who has the connection's use

	sayBooted func() // closes booted; may be called again

	turn     chan struct{} // holds one token: amigo can do one action at a time
	connects chan struct{} // amigo says it is logged in
	booted   chan struct{} // closed when Asterisk has said that it is fully booted
	errs     chan string   // amigo says its connection has ended
	done     chan struct{} // the connection is lost
	gone     chan struct{} // and everything that belonged to it has ended
	since    time.Time     // when it had logged in
	asked    atomic.Bool   // what the account may do is known

	mu      sync.Mutex
	cause   error
	list    *list  // the list answer being gathered
	pending string // the ActionID amigo waits for
	actions sync.WaitGroup
}

// connect dials, logs in and asks for events. Its errors are *net.OpError and the like where Asterisk cannot be reached,
// *LoginError where it refuses the account. The context bounds connecting only.
func connect(ctx context.Context, t target, onEvent func(message)) (*conn, error) {
	b, err := dialBridge(ctx, t)
	if err != nil {
		return nil, err
	}
	c := &conn{
		target: t, bridge: b, onEvent: onEvent,
		turn: make(chan struct{}, 1), connects: make(chan struct{}, 1), booted: make(chan struct{}), errs: make(chan string, 1),
		done: make(chan struct{}), gone: make(chan struct{}),
	}
	c.sayBooted = sync.OnceFunc(func() { close(c.booted) })
	c.startAmigo()
	t.ending.Go(c.reap)
	if err := c.login(ctx); err != nil {
		c.fail(err)
		return nil, c.err()
	}
	if _, err := c.do(ctx, "Events", message{"EventMask": t.events}); err != nil {
		c.fail(err)
		return nil, err
	}
	c.since = time.Now()
	return c, nil
}

// startAmigo gives amigo the bridge to talk to, and a secret that is good for this bridge only.
func (c *conn) startAmigo() {
	host, port, _ := net.SplitHostPort(c.bridge.address())
	if strings.Contains(host, ":") { // amigo puts them together as they are
		host = "[" + host + "]"
	}
	c.amigo = amigo.New(&amigo.Settings{
		Host: host, Port: port, Username: c.target.username, Password: c.bridge.token,
		ActionTimeout: amigoPatience, DialTimeout: teardown, ReconnectInterval: amigoInterval,
	})
	c.amigo.On("connect", func(string) { notify(c.connects, struct{}{}) })
	c.amigo.On("error", func(text string) {
		if text != "events chan is full" { // the one that is not the connection's end
			notify(c.errs, text)
		}
	})
	_ = c.amigo.RegisterDefaultHandler(c.handle) // fails only where there is one already
	c.amigo.Connect()
}

// login waits until amigo has logged in, then lets Asterisk's messages through to it.
func (c *conn) login(ctx context.Context) error {
	if err := c.bridge.login(ctx); err != nil {
		return err
	}
	select {
	case <-c.connects:
	case text := <-c.errs:
		notify(c.errs, text)
		return errors.New(text)
	case <-ctx.Done():
		return lateError("log in", ctx)
	}
	for !c.amigo.Connected() { // it says so a moment before it is
		select {
		case <-ctx.Done():
			return lateError("log in", ctx)
		case <-time.After(time.Millisecond):
		}
	}
	c.bridge.pump(c.fail)
	return nil
}

// handle gets every event from amigo, which waits for it.
func (c *conn) handle(event map[string]string) {
	m := decode(event)
	c.mu.Lock()
	taken := c.list != nil && c.list.take(m)
	c.mu.Unlock()
	if taken {
		return
	}
	if m["Event"] == "FullyBooted" {
		c.target.told.Store(true)
		c.sayBooted()
	}
	if c.onEvent != nil && m["ActionID"] == "" {
		c.onEvent(m)
	}
}

// isBooted reports whether Asterisk has said on this connection that it is booted.
func (c *conn) isBooted() bool {
	select {
	case <-c.booted:
		return true
	default:
		return false
	}
}

// forever is a grace that does not end.
const forever = time.Duration(math.MaxInt64)

// awaitBoot waits until Asterisk has said on this connection that it is booted; false: it did not within the grace.
func (c *conn) awaitBoot(ctx context.Context, grace time.Duration) (booted bool, err error) {
	if c.isBooted() { // whatever else
		return true, nil
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.booted:
		return true, nil
	case <-c.done:
		return false, c.err()
	case <-ctx.Done():
		return false, fmt.Errorf("%w: %w", errBooting, ctx.Err())
	case <-timer.C:
		return false, nil
	}
}

// fail ends the connection; the first reason is the one that is kept.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = plainError(err)
		close(c.done)
	}
}

func (c *conn) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// close ends the connection and waits until everything that belonged to it has ended.
func (c *conn) close() {
	c.fail(errClosed)
	<-c.gone
}

// reap takes amigo apart, in the one order that leaves nothing behind. Closed while connected it would print to stderr and
// leak its reader; its Action would hang for ever if its writer went first. So: Asterisk's side is closed; an Action that
// still waits gets an answer from us; amigo's connection is closed under it; and when it has noticed, it is closed itself.
func (c *conn) reap() {
	defer close(c.gone)
	<-c.done
	c.bridge.closeUp()
	idle := make(chan struct{})
	go func() { c.actions.Wait(); close(idle) }()
	for waiting := true; waiting; {
		select {
		case <-idle:
			waiting = false
		case <-time.After(5 * time.Millisecond):
			c.mu.Lock()
			id := c.pending
			c.mu.Unlock()
			c.bridge.answer("Response: Error\r\nActionID: " + id + "\r\nMessage: connection lost\r\n\r\n")
		}
	}
	c.bridge.closeDown()
	select {
	case <-c.errs:
	case <-time.After(teardown):
	}
	c.amigo.Close()
}

// notify sends if there is room, and never waits.
func notify[T any](ch chan T, v T) {
	select {
	case ch <- v:
	default:
	}
}
