package amisync

import (
	"context"
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// Kept keeps the last good configuration over restarts: a lastgood.Dir.
type Kept interface {
	// Load returns what was kept; nil: nothing. The error says what does not count, also where there is something.
	Load() (*lastgood.State, error)
	// Save keeps a state, if it is another one than what is kept.
	Save(*lastgood.State) (saved bool, err error)
}

// restored is what was kept before this process, until something was read.
type restored struct {
	loaded  chan struct{}       // closed when the rest is there
	trouble chan struct{}       // of size one: something cannot be read
	snap    *provision.Snapshot // nil: nothing was kept
}

// restore loads what was kept. It is served when the first attempt to read has failed, or has not ended within Timing.Restore; what
// is read in time is served in its place, and no phone gets a file that is out of date.
func (s *Service) restore(ctx context.Context) {
	patience := time.NewTimer(s.o.Timing.Restore)
	defer patience.Stop()
	snap := s.loadKept(ctx)
	s.restored.snap = snap
	close(s.restored.loaded) // from here on it is the syncs'
	select {
	case <-ctx.Done():
		return
	case <-s.restored.trouble:
	case <-patience.C:
	}
	s.offer(snap)
}

// loadKept returns the snapshot of what was kept, and goes on from the rest of it; nil: there is none.
func (s *Service) loadKept(ctx context.Context) *provision.Snapshot {
	state, err := s.o.Kept.Load()
	if err != nil {
		s.o.Log.Warn().Err(err).Bool("older", state != nil).Msg("the last good configuration that was kept does not count")
	}
	if state == nil {
		return nil
	}
	own := provision.Input{Zone: s.o.Zone, Interfaces: s.o.Interfaces}
	if s.link != nil {
		own.Ask = s.Ask
	}
	snap, _, err := provision.Build(ctx, state.Input(own), state.BuiltAt)
	if err != nil {
		s.o.Log.Warn().Err(err).Msg("the last good configuration that was kept cannot be served")
		return nil
	}
	snap.SavedAt = state.SavedAt
	s.asker.SetSelects(provision.Selects(state.Config))
	s.keep.restore(state)
	s.version.major = state.Major
	if state.Booted {
		s.toldBooted.Store(true)
	}
	return snap
}

// offer serves what was kept, if there is any, and nothing is served yet.
func (s *Service) offer(snap *provision.Snapshot) {
	if snap == nil {
		return
	}
	s.publish(snap.Counts(), func() bool {
		if !s.o.Store.Offer(snap) {
			return false
		}
		s.report.restored(snap)
		return true
	})
}

// publish tells who wants to know that store has changed what is served, if it has. One at a time does: a sync, or offer.
func (s *Service) publish(counts provision.Counts, store func() bool) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if store() && s.o.Synced != nil {
		s.o.Synced(counts)
	}
}

// base is what a sync is compared with: what is served, or else what was kept; nil: there is neither. It is for syncs, and
// for Once, which has none.
func (s *Service) base() *provision.Snapshot {
	if served := s.served(); served != nil {
		return served
	}
	return s.restored.snap
}

// awaitKept returns when what was kept is loaded, as syncs are compared with it.
func (s *Service) awaitKept(ctx context.Context) error {
	select {
	case <-s.restored.loaded:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("load the last good configuration: %w", ctx.Err())
	}
}

// unread reports whether nothing was read yet in this process.
func (s *Service) unread() bool {
	served := s.served()
	return served == nil || !served.SavedAt.IsZero()
}

// save keeps what a snapshot was built of, where there is somewhere to. Where nothing was built anew it is kept already, unless
// that has failed.
func (s *Service) save(b *built) {
	heard := b.heard
	if heard != nil {
		s.heard = heard
	} else if s.Status().NotKept != "" {
		heard = s.heard
	}
	if s.o.Kept == nil || heard == nil {
		return
	}
	saved, err := s.o.Kept.Save(&lastgood.State{
		SavedAt: time.Now(), BuiltAt: b.next.BuiltAt,
		Config: b.in.Config, Major: b.in.Major, Live: b.in.Live,
		Addresses: heard.Addresses, Answers: heard.Answers,
		Booted: s.toldBooted.Load(), Filed: s.keep.onlyOnceFiled(b.in.Config),
	})
	s.report.kept(saved, err)
}
