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
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// Service keeps a Store current with what Asterisk says. Its methods may be called from any goroutine.
type Service struct {
	o          Options
	link       *link // nil without an address
	asker      *ask.Asker
	triggers   *triggers
	events     *eventQueue
	peers      peerSet
	newContact chan struct{} // wakes followContacts
	report     report
	watched    func(files []*astconf.File) (more bool, err error) // passes the files that were read to the watcher; nil without a watcher
	ending     sync.WaitGroup                                     // of connections that are being closed
	toldBooted atomic.Bool                                        // see ami.Target
	outbound   atomic.Value                                       // the name of the default outbound endpoint, a string
	commands   commandLine                                        // used by handleEvents

	guard      guard
	restored   restored
	heard      *lastgood.Heard // inputs of the last Build of a sync
	publishing sync.Mutex

	syncing sync.Mutex // held by the one sync that runs
	keep    keeper

	rightsOf *ami.Conn // the connection whose account's rights are known

	version struct { // of Asterisk, as it said on a connection
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
	s := &Service{o: o, triggers: newTriggers(), events: newEventQueue(), report: newReport(o.Log), guard: guard{maxLoss: o.MaxLoss}, newContact: make(chan struct{}, 1)}
	s.restored.loaded, s.restored.trouble = make(chan struct{}), make(chan struct{}, 1)
	if o.Kept == nil {
		close(s.restored.loaded)
	}
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

// Run keeps the store current until the context ends. It returns when everything it started has ended. A Service runs
// only once.
func (s *Service) Run(ctx context.Context) error {
	if s.o.Store == nil {
		return errors.New("no store to keep current")
	}
	defer s.Close()
	var all sync.WaitGroup
	defer all.Wait()
	if s.o.Kept != nil {
		all.Go(func() { s.restore(ctx) })
	}
	if s.link != nil {
		all.Go(func() {
			if s.awaitKept(ctx) == nil { // it says how long to wait for Asterisk to boot
				s.link.run(ctx)
			}
		})
		all.Go(func() { s.handleEvents(ctx) })
		if s.o.Show != nil {
			all.Go(func() { s.runAstDB(ctx) })
		}
		all.Go(func() { s.followContacts(ctx) })
	} else {
		if w, err := newFileWatcher(s.o.Timing.Watch, s.o.ConfigDir); err != nil {
			s.report.watching(err) // then the resync period and SIGHUP must do
		} else {
			s.watched = w.watch
			all.Go(func() { w.run(ctx, func() { s.Trigger("changed file") }) })
		}
		s.Trigger("start")
	}
	l := syncLoop{
		triggers: s.triggers, sync: s.sync, debounce: s.o.Timing.Debounce, deadline: s.o.Timing.Sync, resync: s.o.Resync,
		retry: backoff{first: s.o.Timing.RetryMin, most: s.o.Timing.RetryMax},
	}
	l.run(ctx)
	return nil
}

// Close ends the connections for Ask. Run calls it. The caller of New calls it if it does not call Run.
func (s *Service) Close() {
	s.asker.Close()
	s.ending.Wait()
}

// Trigger requests a sync. The log names the reason. Trigger never blocks.
func (s *Service) Trigger(reason string) { s.triggers.add(reason) }

// Ask evaluates a function call, "DB(family/key)", in Asterisk. It is a dialplan.Asker. If Asterisk cannot be asked, or
// does not answer within Timing.Ask, the error is a dialplan.ErrCannotAsk. See package ask.
func (s *Service) Ask(ctx context.Context, call string) (string, error) {
	return s.asker.Ask(ctx, call)
}

// Knows reports whether Asterisk has a function of that name. The first time after a sync, that costs a call. The
// account needs write = command. The error is that of Ask.
func (s *Service) Knows(ctx context.Context, function string) (bool, error) {
	return s.asker.Knows(ctx, function)
}

// Peers returns the devices that Asterisk knows, by kind and name: as the last sync read them, with the events since.
// The slice belongs to the caller; what it points to never changes.
func (s *Service) Peers() []Peer { return s.peers.list() }

// Peer returns the device of a name: a PJSIP endpoint, else a peer of chan_sip.
func (s *Service) Peer(name string) (Peer, bool) { return s.peers.named(name) }

// grace returns how long the link waits for FullyBooted: FirstBoot while no endpoint is known that a booting Asterisk
// could lose, else Boot.
func (s *Service) grace() time.Duration {
	if s.unread() && !s.toldBooted.Load() {
		return s.o.Timing.FirstBoot
	}
	return s.o.Timing.Boot
}

// patient reports whether to keep waiting for FullyBooted: Asterisk is known to send it to this account, and something
// is served meanwhile. An account that has lost the right to events is not waited for.
func (s *Service) patient(c *ami.Conn) bool {
	if !s.toldBooted.Load() || s.o.Store.Load() == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Timing.Action)
	defer cancel()
	if a, err := readAccount(ctx, c); err == nil && a.hearsNoReloads() {
		s.toldBooted.Store(false) // the connections for functions do not wait either
		return false
	}
	return true
}

// assumeBooted reports whether an Asterisk that has not said that it is booted may be asked: it never says so to this
// account, and the link, if it runs, has waited long enough.
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

// down is called after every failed attempt to connect, and when the connection is lost. With SourceFiles the first
// call triggers the first sync, because there is nothing to wait for.
func (s *Service) down(err error) {
	s.report.down(err)
	wake(s.restored.trouble)
	if s.o.Source == SourceFiles && s.unread() {
		s.triggers.add("start")
	}
}

// handleEvents handles the events in the queue. amigo's goroutine, which fills it, must not wait.
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
		} else if m["Module"] == confirmModule {
			s.confirmFromCLI()
		} else if reason := reloadReason(m); reason != "" {
			s.triggers.add(reason)
		}
	case "FullyBooted": // the first event of each connection
		s.commands = commandLine{}
		s.triggers.add("fully booted")
	case "ContactStatus", "DeviceStateChange", "PeerStatus":
		changed := s.peers.event(m, time.Now())
		s.readContactsSoon(changed)
		s.tell(changed)
	}
}
