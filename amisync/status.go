package amisync

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// maxLogged bounds the diagnostics that one sync logs.
const maxLogged = 100

// Status says how the service is.
type Status struct {
	Source          string // SourceAMI or SourceFiles
	Address         string // of Asterisk; empty: none
	Connected       bool
	Since           time.Time // when Connected last changed; zero: it never did
	AsteriskVersion string    // of the Asterisk last read from; empty: not known
	LastError       string    // what is wrong now, with the connection or else the last sync; empty: nothing
	LastErrorAt     time.Time // when that began
	LastSync        Sync      // the last that succeeded; zero: none did
	Syncs, Failures uint64    // of syncs
	MissingRights   []string  // what the account lacks in manager.conf, and what does not work without it
	Lost            Loss      // of the last sync that lost phones; zero: none did, or they are back
	Peers           []PeerCount
}

// Sync is what a sync did.
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
	Phones []string // the first of them by ID
}

// Status reports how the service is. It never blocks.
func (s *Service) Status() Status {
	status := s.report.read()
	status.Source, status.Address, status.Peers = s.o.Source, s.o.Address, s.peers.counts()
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

// set reports whether that is news.
func (t *trouble) set(err error) bool {
	if err.Error() == t.text {
		return false
	}
	*t = trouble{err.Error(), time.Now()}
	return true
}

// report keeps the status and writes the log.
type report struct {
	log zerolog.Logger

	known map[string]bool // the diagnostics of the last sync

	mu               sync.Mutex
	status           Status
	found            []provision.Diagnostic // by the last sync that succeeded
	link, sync, list trouble
	watch            trouble
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
	return status
}

// locked runs f with the status in hand. What is to be logged is logged afterwards: a log that blocks must not block Status.
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

// slow is told of an Asterisk that is connected and takes its time to boot.
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

// rights is told what the account lacks. It is logged when it changes.
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
	r.locked(func() {
		r.status.Failures++
		news = r.sync.set(err)
	})
	if news {
		r.log.Error().Err(err).Str("trigger", trigger).Msg("sync failed; " + meanwhile(served))
	}
}

func (r *report) synced(s Sync, found []provision.Diagnostic) {
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
	if s.Changes.Removed > 0 {
		line := r.log.Warn().Str("trigger", s.Trigger).Strs("phones", s.Changes.Gone)
		if more := s.Changes.Removed - len(s.Changes.Gone); more > 0 {
			line.Int("more", more)
		}
		line.Msgf("%d phones are gone from the configuration and get no file any more: if that is not meant, restore users.conf, phoneprov.conf or pjsip.conf", s.Changes.Removed)
	}
	r.log.Info().Str("trigger", s.Trigger).Dur("duration_ms", s.Duration).
		Int("phones", s.Counts.Phones).Int("lines", s.Counts.Lines).
		Int("added", s.Changes.Added).Int("removed", s.Changes.Removed).Int("changed", s.Changes.Changed).
		Int("warnings", s.Warnings).Msg("synced")
}

// back forgets a loss of phones where all that it names are served again.
func (r *report) back(next *provision.Snapshot) {
	r.locked(func() {
		if !slices.ContainsFunc(r.status.Lost.Phones, func(id string) bool { return next.Phone(id) == nil }) {
			r.status.Lost = Loss{}
		}
	})
}

// diagnose logs the diagnostics that the last sync did not have, and counts those that matter. Syncs alone call it, which
// run one at a time.
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

func (r *report) peersRead(version string, err error) {
	var news bool
	r.locked(func() {
		if version != "" {
			r.status.AsteriskVersion = version
		}
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
