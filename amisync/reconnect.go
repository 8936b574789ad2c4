package amisync

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// link keeps one connection to Asterisk open, and hands it out.
type link struct {
	target  ami.Target
	timing  Timing
	onEvent func(ami.Message)
	grace   func() time.Duration // how long to wait for Asterisk to say that it is booted
	patient func(*ami.Conn) bool // whether to keep waiting when the grace is over; it may ask Asterisk
	onUp    func()               // a connection is open
	onSlow  func()               // the grace is over, and the link keeps waiting
	onReady func(booted bool)    // the connection may be used: Asterisk is booted, or the grace is over
	onDown  func(err error)      // the connection was lost, or an attempt failed

	mu      sync.Mutex
	current *ami.Conn
	reason  error // why there is no connection; nil: there was no attempt yet
}

// errNotYet says that the first attempt to connect is under way.
var errNotYet = errors.New("not connected to asterisk yet")

// run connects again and again until its context ends.
func (l *link) run(ctx context.Context) {
	pauses := backoff{first: l.timing.ReconnectMin, most: l.timing.ReconnectMax}
	for ctx.Err() == nil {
		started := time.Now()
		err := l.connectOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		l.set(nil, err)
		l.onDown(err)
		if time.Since(started) > l.timing.ReconnectMax {
			pauses.reset() // it was connected for a while
		}
		wait := pauses.next()
		var refused *ami.LoginError
		if errors.As(err, &refused) { // another attempt at once would not help, and would fill Asterisk's log
			wait = max(wait, l.timing.LoginRetry)
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// connectOnce connects, and returns when the connection has ended.
func (l *link) connectOnce(ctx context.Context) error {
	attempt, cancel := context.WithTimeout(ctx, l.timing.Connect)
	c, err := ami.Connect(attempt, l.target, l.onEvent)
	cancel()
	if err != nil {
		return err
	}
	defer c.Close()
	l.onUp()
	l.set(nil, ami.ErrBooting)
	return l.watch(ctx, c)
}

// watch looks after a connection until it ends. It hands the connection out when Asterisk has said FullyBooted. An
// Asterisk that is booted says so at the login; one that is starting says so when it is booted, and answers until then
// as if what it has not loaded did not exist, so that every PJSIP phone would vanish for a moment.
func (l *link) watch(ctx context.Context, c *ami.Conn) error {
	ping := time.NewTicker(l.timing.Ping)
	defer ping.Stop()
	ready := func(booted bool) {
		l.set(c, nil)
		l.onReady(booted)
	}
	booted, grace := c.Booted(), time.After(l.grace())
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.Done():
			return c.Err()
		case <-booted:
			booted, grace = nil, nil
			ready(true)
		case <-grace:
			grace = nil
			if l.patient(c) {
				l.onSlow()
				continue
			}
			booted = nil
			ready(false)
		case <-ping.C:
			pong, cancel := context.WithTimeout(ctx, l.timing.Action)
			c.Ping(pong)
			cancel()
		}
	}
}

func (l *link) set(c *ami.Conn, reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current, l.reason = c, reason
}

// conn returns the connection, or why there is none.
func (l *link) conn() (*ami.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.current != nil:
		return l.current, nil
	case l.reason != nil:
		return nil, l.reason
	}
	return nil, errNotYet
}
