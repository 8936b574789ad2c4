package amisync

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// minLoss is how many phones a sync must lose to be held: of a handful of phones some are soon more than half, and their names are
// in the log.
const minLoss = 5

// Held is a sync that was not applied, as it would take away too many phones. What was served before is served on.
type Held struct {
	ID      string // tells this loss from another one
	Since   time.Time
	Trigger string // of the first such sync
	Reason  string // for people
	Before  int    // phones that are served
	After   int    // phones that would be
	Lost    int    // phones that would get no file any more
	Phones  []string
}

// What Confirm has against it.
var (
	ErrNothingHeld = errors.New("no change is held")
	ErrOtherHeld   = errors.New("another change is held")
)

// ErrHeld is a sync that was held: it is tried again, as one that failed.
var ErrHeld = errors.New("the change is held")

// guard holds a sync that takes away more than maxLoss percent of the phones, until that very loss is confirmed or there is none.
type guard struct {
	maxLoss int // percent; zero: no bound

	mu        sync.Mutex
	held      *Held
	confirmed string // the ID of the loss that may happen; empty: none
}

// check returns what is held of a sync that would replace served; nil: the sync is to be applied. News says that it is another loss
// than the one that was held already.
func (g *guard) check(trigger string, served, next *provision.Snapshot) (held *Held, news bool) {
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
	g.held = &Held{
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

// applied forgets what was held, as a sync was applied, and returns it.
func (g *guard) applied() (was *Held) {
	g.mu.Lock()
	defer g.mu.Unlock()
	was, g.held, g.confirmed = g.held, nil, ""
	return was
}

func (g *guard) now() *Held {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held
}

// confirm lets the loss that is held happen, if it has the ID; empty: whichever is held.
func (g *guard) confirm(id string) (Held, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.held == nil:
		return Held{}, ErrNothingHeld
	case id != "" && id != g.held.ID:
		return *g.held, ErrOtherHeld
	}
	g.confirmed = g.held.ID
	return *g.held, nil
}

// Held is the change that is held; nil: none is. It does not change.
func (s *Service) Held() *Held { return s.guard.now() }

// Confirm lets the change that is held happen, and asks for a sync: it reads once more, and applies what it reads if that loses
// the same phones. An ID of Held confirms that one only; empty: whichever is held. By says who confirms, for the log. The error
// is ErrNothingHeld or ErrOtherHeld. It never blocks.
func (s *Service) Confirm(id, by string) (Held, error) {
	held, err := s.guard.confirm(id)
	if err != nil {
		return held, err
	}
	s.o.Log.Warn().Str("by", by).Int("lost", held.Lost).Int("of", held.Before).Msg("the change that is held was confirmed")
	s.triggers.add("confirm")
	return held, nil
}

// confirmModule is what the Asterisk CLI is told to reload to confirm: see deploy/cli_aliases.conf.
const confirmModule = "phoneprov-confirm"

func (s *Service) confirmFromCLI() {
	if _, err := s.Confirm("", "Asterisk CLI"); err != nil {
		s.o.Log.Warn().Err(err).Msg("phoneprov confirm at the Asterisk CLI does nothing")
	}
}
