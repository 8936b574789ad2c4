package amisync

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// minLoss is the least number of lost phones that holds a sync. In a handful of phones a few are soon more than half,
// and the log names them.
const minLoss = 5

// ErrHeld means that a sync was held. The sync is tried again, as after any failure.
var ErrHeld = errors.New("the change is held")

// guard holds a sync that removes more than maxLoss percent of the phones, until that same loss is confirmed or is
// gone.
type guard struct {
	maxLoss int // percent; zero: no bound

	mu        sync.Mutex
	held      *provision.Held
	confirmed string // the ID of the loss that may be applied; empty: none
}

// check returns what is held of a sync that would replace served, or nil if the sync may be applied. news reports
// whether the loss differs from the one that was held before.
func (g *guard) check(trigger string, served, next *provision.Snapshot) (held *provision.Held, news bool) {
	if g.maxLoss == 0 || served == nil {
		return nil, false
	}
	loss := provision.LossOf(served, next)
	g.mu.Lock()
	defer g.mu.Unlock()
	id := fmt.Sprintf("%d-%016x", loss.Lost, loss.Print)
	if !loss.Exceeds(g.maxLoss, minLoss) || id == g.confirmed {
		return nil, false
	}
	if g.held != nil && g.held.ID == id {
		return g.held, false
	}
	g.confirmed = ""
	g.held = &provision.Held{
		ID: id, Since: time.Now(), Trigger: trigger, Reason: reasonOf(loss, g.maxLoss),
		Before: loss.Served, After: loss.Left, Lost: loss.Lost, Phones: loss.Phones,
	}
	return g.held, true
}

// reasonOf says what is held, why, and what to do.
func reasonOf(l provision.Loss, most int) string {
	names := strings.Join(l.Phones, ", ")
	if more := l.Lost - len(l.Phones); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("the configuration as it is now takes away %d of %d phones (%s), which is more than guard.max_loss = %d%%: what was read before is served on; "+
		"restore the configuration, or if this is meant confirm it: phoneprov confirm", l.Lost, l.Served, names, most)
}

// applied ends the hold, because a sync was applied, and returns what was held.
func (g *guard) applied() (was *provision.Held) {
	g.mu.Lock()
	defer g.mu.Unlock()
	was, g.held, g.confirmed = g.held, nil, ""
	return was
}

func (g *guard) now() *provision.Held {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held
}

// confirm allows the held loss if its ID is id. An empty id allows whatever is held.
func (g *guard) confirm(id string) (provision.Held, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.held == nil:
		return provision.Held{}, provision.ErrNothingHeld
	case id != "" && id != g.held.ID:
		return *g.held, provision.ErrOtherHeld
	}
	g.confirmed = g.held.ID
	return *g.held, nil
}

// Held returns the held change, or nil if there is none. The result never changes.
func (s *Service) Held() *provision.Held { return s.guard.now() }

// Confirm allows the held change and asks for a sync. The sync reads again, and is applied if it loses the same phones.
// If id is not empty, it must be the ID of the held change. by names who confirms, for the log. The error is
// provision.ErrNothingHeld or provision.ErrOtherHeld. Confirm never blocks.
func (s *Service) Confirm(id, by string) (provision.Held, error) {
	held, err := s.guard.confirm(id)
	if err != nil {
		return held, err
	}
	s.o.Log.Warn().Str("by", by).Int("lost", held.Lost).Int("of", held.Before).Msg("the change that is held was confirmed")
	s.triggers.add("confirm")
	return held, nil
}

// confirmModule is the module name that confirms when the Asterisk CLI is told to reload it: see
// deploy/cli_aliases.conf.
const confirmModule = "phoneprov-confirm"

func (s *Service) confirmFromCLI() {
	if _, err := s.Confirm("", "Asterisk CLI"); err != nil {
		s.o.Log.Warn().Err(err).Msg("phoneprov confirm at the Asterisk CLI does nothing")
	}
}
