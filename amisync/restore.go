package amisync

import (
	"context"
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/background"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// Kept stores the last good configuration over restarts. lastgood.Dir is one.
type Kept interface {
	// Load returns the stored state, or nil if there is none. The error names what cannot be used; Load may return it
	// together with a state.
	Load() (*lastgood.State, error)
	// Save stores a state if it differs from the stored one.
	Save(*lastgood.State) (saved bool, err error)
}

// restored is the state that an earlier process stored. It matters until this process has read something.
type restored struct {
	loaded  chan struct{}       // closed once loading has ended
	trouble chan struct{}       // of size one: a read failed
	snap    *provision.Snapshot // nil: nothing was stored
}

// restore loads the stored state. It serves that state once the first attempt to read has failed, or has not ended
// within Timing.Restore. If a read succeeds in time, only its result is served, so that no phone gets an outdated file.
func (s *Service) restore(ctx context.Context) {
	patience := time.NewTimer(s.o.Timing.Restore)
	defer patience.Stop()
	snap := s.loadKept(ctx)
	s.restored.snap = snap
	close(s.restored.loaded) // from here on, only syncs use it
	select {
	case <-ctx.Done():
		return
	case <-s.restored.trouble:
	case <-patience.C:
	}
	s.offer(snap)
}

// loadKept returns the snapshot of the stored state, and hands the rest of the state to later syncs. It returns nil if
// nothing is stored.
func (s *Service) loadKept(ctx context.Context) *provision.Snapshot {
	state, err := s.o.Kept.Load()
	if err != nil {
		s.o.Log.Warn().Err(err).Bool("older", state != nil).Msg("the last good configuration that was kept does not count")
	}
	if state == nil {
		return nil
	}
	own := provision.Input{PBX: s.o.PBX, Zone: s.o.Zone, Interfaces: s.o.Interfaces}
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

// offer serves snap, unless snap is nil or something is served already.
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

// publish runs store and tells the listeners if store changed the served snapshot. A lock makes syncs and offer take
// turns.
func (s *Service) publish(counts provision.Counts, store func() bool) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	if store() && s.o.Synced != nil {
		s.o.Synced(counts)
	}
}

// base returns the snapshot that a sync is compared with: the served one, else the restored one, else nil. Only syncs
// call it, and Once, which has no served snapshot.
func (s *Service) base() *provision.Snapshot {
	if served := s.served(); served != nil {
		return served
	}
	return s.restored.snap
}

// awaitKept waits until the stored state is loaded, because syncs are compared with it.
func (s *Service) awaitKept(ctx context.Context) error {
	select {
	case <-s.restored.loaded:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("load the last good configuration: %w", ctx.Err())
	}
}

// unread reports whether this process has read nothing yet.
func (s *Service) unread() bool {
	served := s.served()
	return served == nil || !served.SavedAt.IsZero()
}

// save stores the input of a snapshot, if there is a Kept. It skips a snapshot that was not built anew, unless the last
// save failed.
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
	var saved bool
	var err error
	background.Turn(func() {
		saved, err = s.o.Kept.Save(&lastgood.State{
			SavedAt: time.Now(), BuiltAt: b.next.BuiltAt,
			Config: b.in.Config, Major: b.in.Major, Live: b.in.Live,
			Addresses: heard.Addresses, Answers: heard.Answers,
			Booted: s.toldBooted.Load(), Filed: s.keep.onlyOnceFiled(b.in.Config),
		})
	})
	s.report.kept(saved, err)
}
