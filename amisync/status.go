package amisync

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxLogged bounds the diagnostics that a sync logs.
const maxLogged = 100

// Status is the state of the service.
type Status struct {
	Source          string // SourceAMI or SourceFiles
	Address         string // of Asterisk; empty: none
	Connected       bool
	Since           time.Time // when Connected last changed; zero: it never did
	AsteriskVersion string    // "22.10.1", of the last connection that was read from; empty: unknown
	LastError       string    // what is wrong now, with the connection or else the last sync; empty: nothing
	LastErrorAt     time.Time // when that began
	LastSync        Sync      // the last successful one; zero: there was none
	Syncs           uint64    // successful ones
	MissingRights   []string  // what the account lacks in manager.conf, and what does not work without it
	Lost            Loss      // of the last sync that lost phones; zero: none did, or they are back
	Held            *Held     // the change that is not applied, as it would take away too many phones; nil: none is
	Restored        time.Time // when what is served was kept, as nothing was read since the start; zero: it was read
	NotShown        string    // why Asterisk's database is not current, which its CLI shows; empty: it is, or shall not be
	NotKept         string    // why what is served cannot be kept over a restart; empty: it is, or shall not be
	Peers           []PeerCount
}

// Sync is the result of a sync.
type Sync struct {
	At       time.Time
	Trigger  string
	Duration time.Duration
	Counts   provision.Counts
	Changes  provision.Changes
	Warnings int    // diagnostics worse than provision.Info
	Nobody   string // why no phone is served; empty: some are
}

// Loss are phones that a sync did not find any more.
type Loss struct {
	At     time.Time
	Count  int
	Phones []string // the first of them, by ID
}

// Status returns the state of the service. It never blocks.
func (s *Service) Status() Status {
	status := s.report.read()
	status.Source, status.Address, status.Peers = s.o.Source, s.o.Address, s.peers.counts()
	status.Held = s.Held()
	if served := s.served(); served != nil {
		status.Restored = served.SavedAt
	}
	return status
}

// Diagnostics are those of the configuration that is served. The slice is not to be changed.
func (s *Service) Diagnostics() (found []provision.Diagnostic) {
	s.report.locked(func() { found = s.report.found })
	return found
}

// trouble is something that is wrong until it is not. What it says is logged when it changes.
type trouble struct {
	text string
	at   time.Time
}

// set reports whether the text is new.
func (t *trouble) set(err error) bool {
	if err.Error() == t.text {
		return false
	}
	*t = trouble{err.Error(), time.Now()}
	return true
}

// report has the status, and writes the log.
type report struct {
	log zerolog.Logger

	known map[string]bool // the diagnostics of the last sync

	mu               sync.Mutex
	status           Status
	found            []provision.Diagnostic // by the last sync that succeeded
	link, sync, list trouble
	watch, keep      trouble
	astDB            trouble
}

func newReport(log zerolog.Logger) report { return report{log: log} }

func (r *report) read() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.status
	for _, t := range []trouble{r.link, r.sync, r.list, r.watch} {
		if t.text != "" {
			status.LastError, status.LastErrorAt = t.text, t.at
			break
		}
	}
	status.NotKept, status.NotShown = r.keep.text, r.astDB.text
	return status
}

// locked runs f with the status locked. Logging must come after it, because a log that blocks must not block Status.
func (r *report) locked(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *report) up() {
	r.locked(func() {
		r.link = trouble{}
		r.status.Connected, r.status.Since = true, time.Now()
	})
	r.log.Info().Msg("connected to asterisk")
}

// slow is called when Asterisk is connected but takes long to boot.
func (r *report) slow(err error, served bool) {
	r.locked(func() { r.link.set(err) })
	r.log.Warn().Err(err).Msg("waiting for asterisk to boot; " + meanwhile(served))
}

// meanwhile says what phones get while nothing can be read.
func meanwhile(served bool) string {
	if served {
		return "what was read before is served on"
	}
	return "nothing was read yet, and phones get 503"
}

// rights is called with what the account lacks. New rights that are missing are logged.
func (r *report) rights(missing []string) {
	var had []string
	r.locked(func() { had, r.status.MissingRights = r.status.MissingRights, missing })
	for _, text := range missing {
		if !slices.Contains(had, text) {
			r.log.Warn().Msg(text)
		}
	}
}

func (r *report) ready() { r.locked(func() { r.link = trouble{} }) }

func (r *report) down(err error) {
	var news bool
	r.locked(func() {
		if r.status.Connected {
			r.status.Connected, r.status.Since = false, time.Now()
		}
		news = r.link.set(err)
	})
	if news {
		r.log.Error().Err(err).Msg("not connected to asterisk; trying again")
	}
}

func (r *report) failed(trigger string, err error, served bool) {
	var news bool
	r.locked(func() { news = r.sync.set(err) })
	if news {
		r.log.Error().Err(err).Str("trigger", trigger).Msg("sync failed; " + meanwhile(served))
	}
}

// held is told of each sync that is held. It is logged when it is news.
func (r *report) held(h Held, news bool) {
	r.locked(func() { r.sync = trouble{} }) // it was read
	if news {
		r.log.Warn().Str("trigger", h.Trigger).Str("held", h.ID).Int("phones", h.Before).Int("after", h.After).Int("lost", h.Lost).
			Strs("first", h.Phones).Msg("a change is held and not applied: " + h.Reason)
	}
}

// restored is told that what was kept is served.
func (r *report) restored(snap *provision.Snapshot) {
	counts := snap.Counts()
	r.log.Warn().Str("source", "last good").Time("saved_at", snap.SavedAt).Int("phones", counts.Phones).Int("lines", counts.Lines).
		Msg("the configuration cannot be read yet: the last good one, which was kept before the start, is served until then")
}

// kept is told of each attempt to keep what is served.
func (r *report) kept(saved bool, err error) {
	var news bool
	r.locked(func() {
		if err == nil {
			r.keep = trouble{}
		} else {
			news = r.keep.set(err)
		}
	})
	switch {
	case news:
		r.log.Warn().Err(err).Msg("what is served cannot be kept: after a restart without Asterisk phones get what was kept before, or 503; see state.dir")
	case saved:
		r.log.Debug().Msg("kept what is served")
	}
}

// shown is told of each update of Asterisk's database.
func (r *report) shown(err error) {
	var news bool
	r.locked(func() {
		if err == nil {
			r.astDB = trouble{}
		} else {
			news = r.astDB.set(err)
		}
	})
	if news {
		r.log.Warn().Err(err).Msg("what the Asterisk CLI shows of phones (database show phoneprov) is not current")
	}
}

// synced is told of a sync that was applied, and of what was held before.
func (r *report) synced(s Sync, found []provision.Diagnostic, was *Held) {
	s.Warnings = r.diagnose(found)
	r.locked(func() { r.found = found })
	for _, d := range found {
		if strings.HasPrefix(d.Message, noPhone) {
			s.Nobody = d.Message
		}
	}
	r.locked(func() {
		r.sync = trouble{}
		r.status.Syncs++
		r.status.LastSync = s
		if s.Changes.Removed > 0 {
			r.status.Lost = Loss{s.At, s.Changes.Removed, s.Changes.Gone}
		}
	})
	if was != nil {
		r.log.Info().Str("held", was.ID).Msg("no change is held any more")
	}
	if s.Changes.Removed > 0 {
		line := r.log.Warn().Str("trigger", s.Trigger).Strs("phones", s.Changes.Gone)
		if more := s.Changes.Removed - len(s.Changes.Gone); more > 0 {
			line.Int("more", more)
		}
		are := fmt.Sprintf("%d phones are gone from the configuration and get", s.Changes.Removed)
		if s.Changes.Removed == 1 {
			are = "1 phone is gone from the configuration and gets"
		}
		line.Msg(are + " no file any more: if that is not meant, restore users.conf, phoneprov.conf or pjsip.conf")
	}
	r.log.Info().Str("trigger", s.Trigger).Dur("duration_ms", s.Duration).
		Int("phones", s.Counts.Phones).Int("lines", s.Counts.Lines).
		Int("added", s.Changes.Added).Int("removed", s.Changes.Removed).Int("changed", s.Changes.Changed).
		Int("warnings", s.Warnings).Msg("synced")
}

// back forgets a loss if all phones that it names are served again.
func (r *report) back(next *provision.Snapshot) {
	r.locked(func() {
		if !slices.ContainsFunc(r.status.Lost.Phones, func(id string) bool { return next.Phone(id) == nil }) {
			r.status.Lost = Loss{}
		}
	})
}

// diagnose logs the diagnostics that the last sync did not have, and counts the warnings. Only syncs call it, one at a
// time.
func (r *report) diagnose(found []provision.Diagnostic) (warnings int) {
	known := make(map[string]bool, len(found))
	logged := 0
	for _, d := range found {
		text := d.String()
		level := zerolog.DebugLevel
		if d.Severity > provision.Info {
			level = zerolog.WarnLevel
			warnings++
		}
		if !r.known[text] && !known[text] {
			if logged++; logged <= maxLogged {
				r.log.WithLevel(level).Msg(text)
			}
		}
		known[text] = true
	}
	if logged > maxLogged {
		r.log.Warn().Int("more", logged-maxLogged).Msg("too many diagnostics to log: see phoneprov check")
	}
	r.known = known
	return warnings
}

// version is called once per connection; an empty version is unknown.
func (r *report) version(version string) {
	r.locked(func() { r.status.AsteriskVersion = version })
}

func (r *report) peersRead(err error) {
	var news bool
	r.locked(func() {
		if err == nil {
			r.list = trouble{}
		} else {
			news = r.list.set(err)
		}
	})
	if news {
		r.log.Warn().Err(err).Msg("the list of peers is not current")
	}
}

func (r *report) watching(err error) {
	var news bool
	r.locked(func() {
		if err == nil {
			r.watch = trouble{}
		} else {
			news = r.watch.set(err)
		}
	})
	if news {
		r.log.Warn().Err(err).Msg("changes of files are not seen; they are read again on SIGHUP and after the resync period")
	}
}
