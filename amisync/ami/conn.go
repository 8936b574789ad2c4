package ami

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ivahaev/amigo"

	"github.com/phoneprov/phoneprov/provision"
)

const (
	// amigoInterval is how long amigo's goroutine sleeps after its connection ended, before it notices that it was closed.
	amigoInterval = 100 * time.Millisecond
	// amigoTimeout is longer than every deadline of ours, because amigo must never be the one that ends an action.
	amigoTimeout = 10 * time.Minute
	// teardown bounds the wait for amigo when a connection ends.
	teardown = 5 * time.Second
)

// Target is the manager interface to connect to, and the account to log in with.
type Target struct {
	Address  string // host:port
	Username string
	Secret   provision.Secret
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Events   string // the classes of events that Asterisk is to send: "system,call", "off"
	// Ending counts the goroutines that take a lost connection apart: whoever waits for it waits for them.
	Ending *sync.WaitGroup
	// ToldBooted is set when Asterisk sends FullyBooted on any connection of this account.
	ToldBooted *atomic.Bool
}

// Conn is a connection to Asterisk that has logged in. See the package documentation for its contract.
type Conn struct {
	target  Target
	bridge  *bridge
	amigo   *amigo.Amigo
	onEvent func(Message) // is called for one event after the other; must not block

	sayBooted func() // closes booted; may be called more than once

	acting   chan struct{} // the action lock, of capacity 1: amigo does one action at a time
	connects chan struct{} // amigo says that it is logged in
	booted   chan struct{} // closed when Asterisk says FullyBooted
	errs     chan string   // amigo says that its connection has ended
	done     chan struct{} // closed when the connection is lost
	gone     chan struct{} // closed when everything that belongs to it has ended
	since    time.Time     // of the login

	maxListBytes int // MaxListBytes, unless a test bounds a list's memory more tightly

	mu      sync.Mutex
	cause   error
	list    *listAnswer // that is being gathered; nil: none
	pending string      // the ActionID amigo waits for
	actions sync.WaitGroup
}

// Connect dials, logs in and asks for events. onEvent, which may be nil, gets the events that belong to no action. The error
// is a *LoginError if Asterisk refuses the account. The context bounds no more than connecting.
func Connect(ctx context.Context, t Target, onEvent func(Message)) (*Conn, error) {
	b, err := dialBridge(ctx, t)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		target: t, bridge: b, onEvent: onEvent,
		acting: make(chan struct{}, 1), connects: make(chan struct{}, 1), booted: make(chan struct{}), errs: make(chan string, 1),
		done: make(chan struct{}), gone: make(chan struct{}), maxListBytes: MaxListBytes,
	}
	c.sayBooted = sync.OnceFunc(func() { close(c.booted) })
	c.startAmigo()
	t.Ending.Go(c.reap)
	if err := c.login(ctx); err != nil {
		c.Fail(err)
		return nil, c.Err()
	}
	if _, err := c.Do(ctx, "Events", Message{"EventMask": t.Events}); err != nil {
		c.Fail(err)
		return nil, err
	}
	c.since = time.Now()
	return c, nil
}

// startAmigo starts an amigo that connects to the bridge with the token.
func (c *Conn) startAmigo() {
	host, port, _ := net.SplitHostPort(c.bridge.address())
	if strings.Contains(host, ":") { // amigo joins host and port with a colon
		host = "[" + host + "]"
	}
	c.amigo = amigo.New(&amigo.Settings{
		Host: host, Port: port, Username: c.target.Username, Password: c.bridge.token,
		ActionTimeout: amigoTimeout, DialTimeout: teardown, ReconnectInterval: amigoInterval,
	})
	c.amigo.On("connect", func(string) { notify(c.connects, struct{}{}) })
	c.amigo.On("error", func(text string) {
		if text != "events chan is full" { // the only one after which the connection goes on
			notify(c.errs, text)
		}
	})
	_ = c.amigo.RegisterDefaultHandler(c.handle) // fails only if there is one already
	c.amigo.Connect()
}

// login waits until amigo has logged in. Then the bridge passes Asterisk's messages on to amigo.
func (c *Conn) login(ctx context.Context) error {
	if err := c.bridge.login(ctx); err != nil {
		return err
	}
	select {
	case <-c.connects:
	case text := <-c.errs:
		notify(c.errs, text)
		return errors.New(text)
	case <-ctx.Done():
		return LateError("log in", ctx)
	}
	for !c.amigo.Connected() { // it says "connect" a moment before it is connected
		select {
		case <-ctx.Done():
			return LateError("log in", ctx)
		case <-time.After(time.Millisecond):
		}
	}
	c.bridge.pump(c.Fail)
	return nil
}

// handle gets every event from amigo, which waits until it returns.
func (c *Conn) handle(event map[string]string) {
	m := decode(event)
	c.mu.Lock()
	listed := c.list != nil && c.list.take(m)
	c.mu.Unlock()
	if listed {
		return
	}
	if m["Event"] == "FullyBooted" {
		c.target.ToldBooted.Store(true)
		c.sayBooted()
	}
	if c.onEvent != nil && m["ActionID"] == "" {
		c.onEvent(m)
	}
}

// Username is the account that the connection is logged in with.
func (c *Conn) Username() string { return c.target.Username }

// Since is the time of the login.
func (c *Conn) Since() time.Time { return c.since }

// Done is closed when the connection is lost.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Booted is closed when Asterisk has said on this connection that it is fully booted.
func (c *Conn) Booted() <-chan struct{} { return c.booted }

// EndMark is a random text that no value contains. A Getvar whose variable ends with it is answered with a value that
// ends with it, and the connection takes an empty line before it for a part of the value.
func (c *Conn) EndMark() string { return c.bridge.mark }

// IsBooted reports whether Asterisk has said on this connection that it is booted.
func (c *Conn) IsBooted() bool {
	select {
	case <-c.booted:
		return true
	default:
		return false
	}
}

// AwaitBoot waits until Asterisk says on this connection that it is booted. It returns false if the grace is over before.
func (c *Conn) AwaitBoot(ctx context.Context, grace time.Duration) (booted bool, err error) {
	if c.IsBooted() { // even if the connection is lost since
		return true, nil
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.booted:
		return true, nil
	case <-c.done:
		return false, c.Err()
	case <-ctx.Done():
		return false, fmt.Errorf("%w: %w", ErrBooting, ctx.Err())
	case <-timer.C:
		return false, nil
	}
}

// Fail ends the connection for a reason. If it has ended already, Err stays as it is.
func (c *Conn) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = PlainError(err)
		close(c.done)
	}
}

// Err returns why the connection was lost, or nil while it works.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// Close ends the connection and waits until everything that belonged to it has ended.
func (c *Conn) Close() {
	c.Fail(ErrClosed)
	<-c.gone
}

// CloseSocket closes the socket of a connection that is lost, at once. The rest ends later.
func (c *Conn) CloseSocket() { c.bridge.closeUp() }

// reap ends amigo in the only order that leaves nothing behind. An amigo that is closed while it is connected prints to stderr
// and leaks its reader; an Action hangs for ever if amigo's writer ends before it. So reap closes Asterisk's side, answers
// the Action that still waits, closes amigo's connection, waits until amigo has noticed, and closes amigo.
func (c *Conn) reap() {
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
			c.bridge.sendAmigo("Response: Error\r\nActionID: " + id + "\r\nMessage: connection lost\r\n\r\n")
		}
	}
	c.bridge.closeDown()
	select {
	case <-c.errs:
	case <-time.After(teardown):
	}
	c.amigo.Close()
}

// notify sends if the channel has room. It never waits.
func notify[T any](ch chan T, v T) {
	select {
	case ch <- v:
	default:
	}
}
