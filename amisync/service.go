package amisync

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/ask"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Service keeps a Store current with what Asterisk says. Its methods may be called from any goroutine.
type Service struct {
	o          Options
	link       *link // nil without an address
	asker      *ask.Asker
	triggers   *triggers
	events     *queue
	peers      peerSet
	report     report
	watched    func(files []*astconf.File) (more bool, err error) // tells the watcher what was read; nil without one
	ending     sync.WaitGroup                                     // of connections
	toldBooted atomic.Bool                                        // see ami.Target
	outbound   atomic.Value                                       // the name of the default outbound endpoint, a string
	commands   commandLine                                        // of handleEvents

	once sync.Mutex // one sync at a time
	keep keeper

	rightsOf *ami.Conn // whose account's rights are known

	version struct { // of Asterisk, as of a connection
		of    *ami.Conn
		major int
	}
}

// New checks the options. It starts nothing.
func New(o Options) (*Service, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Service{o: o, triggers: newTriggers(), events: newQueue(), report: newReport(o.Log)}
	t := ami.Target{
		Address: o.Address, Username: o.Username, Secret: o.Secret, Dial: o.Dial, Events: "system,call",
		Ending: &s.ending, ToldBooted: &s.toldBooted,
	}
	s.asker = ask.New(ask.Options{
		Target: t, Connections: o.Connections, Timeout: o.Timing.Ask, TTL: o.FunctionTTL, AssumeBooted: s.assumeBooted,
	})
	if o.Address != "" {
		s.link = &link{target: t, timing: o.Timing, onEvent: s.events.push, grace: s.grace, patient: s.patient,
			onUp: s.report.up, onSlow: func() { s.report.slow(ami.ErrBooting, s.served() != nil) }, onReady: s.ready, onDown: s.down}
	}
	return s, nil
}

// Run keeps the store current until the context ends, and returns when everything it started has ended. A Service runs
// once.
func (s *Service) Run(ctx context.Context) error {
	if s.o.Store == nil {
		return errors.New("no store to keep current")
	}
	defer s.Close()
	var all sync.WaitGroup
	defer all.Wait()
	if s.link != nil {
		all.Go(func() { s.link.run(ctx) })
		all.Go(func() { s.handleEvents(ctx) })
		all.Go(func() { s.followContacts(ctx) })
	} else {
		if w, err := newWatcher(s.o.Timing.Watch, s.o.ConfigDir); err != nil {
			s.report.watching(err) // the period is left, and SIGHUP
		} else {
			s.watched = w.watch
			all.Go(func() { w.run(ctx, func() { s.Trigger("changed file") }) })
		}
		s.Trigger("start")
	}
	l := loop{
		triggers: s.triggers, sync: s.sync, debounce: s.o.Timing.Debounce, deadline: s.o.Timing.Sync, resync: s.o.Resync,
		retry: backoff{first: s.o.Timing.RetryMin, most: s.o.Timing.RetryMax},
	}
	l.run(ctx)
	return nil
}

// Close ends the connections that Ask uses. Run does so itself; a Service that was never run is closed after use.
func (s *Service) Close() {
	s.asker.Close()
	s.ending.Wait()
}

// Trigger asks for a sync, for a reason that the log will name. It never blocks.
func (s *Service) Trigger(reason string) { s.triggers.add(reason) }

// Ask has Asterisk evaluate a function call, "DB(family/key)". It is a dialplan.Asker: where Asterisk cannot be asked, or does
// not answer within Timing.Ask, the error is a dialplan.ErrCannotAsk. Identical calls at one time are one; calls are made side
// by side on up to Options.Connections connections, and an answer is given again for Options.FunctionTTL, or until the next
// sync begins.
func (s *Service) Ask(ctx context.Context, call string) (string, error) {
	return s.asker.Ask(ctx, call)
}

// Knows reports whether Asterisk has a function of that name, at the price of a call the first time after a sync. The account
// needs the right to write "command". The error is that of Ask.
func (s *Service) Knows(ctx context.Context, function string) (bool, error) {
	return s.asker.Knows(ctx, function)
}

// Peers are the devices that Asterisk knows, by kind and name: as the last sync read them, with the events since. The slice
// is the caller's; what it points to does not change.
func (s *Service) Peers() []Peer { return s.peers.list() }

// Peer is the device of a name: a PJSIP endpoint, else a peer of chan_sip.
func (s *Service) Peer(name string) (Peer, bool) { return s.peers.named(name) }

// grace is short where there is nothing yet that could vanish.
func (s *Service) grace() time.Duration {
	if s.o.Store.Load() == nil {
		return s.o.Timing.FirstBoot
	}
	return s.o.Timing.Boot
}

// patient holds where Asterisk is known to tell this account when it is booted, and something is served meanwhile. An account that
// has lost the right to hear it since is not waited for.
func (s *Service) patient(c *ami.Conn) bool {
	if !s.toldBooted.Load() || s.o.Store.Load() == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Timing.Action)
	defer cancel()
	if a, err := readAccount(ctx, c); err == nil && a.deaf() {
		s.toldBooted.Store(false) // nor by the connections that functions are asked on
		return false
	}
	return true
}

// assumeBooted reports whether an Asterisk that has not said so may be taken for booted: where it tells this account nothing, and
// link, if it runs, has waited long enough.
func (s *Service) assumeBooted() bool {
	if s.toldBooted.Load() {
		return false
	}
	if s.o.Store == nil { // a Service for Once only
		return true
	}
	_, err := s.link.conn()
	return err == nil
}

func (s *Service) ready(booted bool) {
	s.report.ready()
	if !booted {
		s.o.Log.Warn().Msg("asterisk does not say that it is booted; if it is, then it sends no events: see its read= in manager.conf")
	}
	s.triggers.add("connect")
}

// down is told of every failed attempt. With files the first of them starts the first sync: there is nothing to wait for.
func (s *Service) down(err error) {
	s.report.down(err)
	if s.o.Source == SourceFiles && s.o.Store.Load() == nil {
		s.triggers.add("start")
	}
}

// handleEvents takes events from the queue: amigo's goroutine, which fills it, must not wait.
func (s *Service) handleEvents(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.events.wake:
		}
		events, overflow := s.events.take()
		if overflow {
			s.triggers.add("too many events")
		}
		for _, m := range events {
			s.handle(m)
		}
	}
}

func (s *Service) handle(m ami.Message) {
	switch m["Event"] {
	case "Reload":
		if word, ours := s.commands.take(m, time.Now()); ours {
			if word != "" && s.o.NotifyWord != nil {
				s.o.NotifyWord(word)
			}
		} else if reason := reloadReason(m); reason != "" {
			s.triggers.add(reason)
		}
	case "FullyBooted": // of each connection the first event
		s.commands = commandLine{}
		s.triggers.add("fully booted")
	case "ContactStatus", "DeviceStateChange", "PeerStatus":
		s.tell(s.peers.event(m, time.Now()))
	}
}
