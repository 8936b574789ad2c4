package httpapi

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// Bounds of what requests that get nothing write to the log in a second: else its size is the attacker's to choose. A line has
// at most about 1.5 kB, and the count of a source 150 bytes.
const (
	sourceLines = 100  // requests of a source with lines of their own: twice what fail2ban wants to see (deploy/fail2ban)
	allLines    = 500  // of all sources together
	maxCounted  = 1000 // sources that have a count of their own; the others share one
	volumeEvery = time.Second
)

// volume bounds the lines of requests that get nothing. Those beyond are counted, and the count of each source is one line
// at the end of the second. The zero volume is ready.
type volume struct {
	mu      sync.Mutex
	begun   time.Time // of this second
	lines   int       // that were let through
	sources map[access.Source]*refusedSource
	others  int // requests of sources that have no count
	timer   *time.Timer
}

// refusedSource is what a source was refused within the second.
type refusedSource struct {
	remote  string
	lines   int    // that were let through
	more    int    // requests without lines
	refused int    // of these, those of a stranger
	reason  string // of the last one
}

// takes reports whether a request may have lines of its own. Else it is counted, and log gets the count within a second.
func (v *volume) takes(source access.Source, remote, refusal string, log func(*refusedSource)) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := time.Now(); now.Sub(v.begun) >= volumeEvery {
		v.flush(log)
		v.begun = now
	}
	s := v.sources[source]
	if s == nil && len(v.sources) < maxCounted {
		s = &refusedSource{remote: remote}
		if v.sources == nil {
			v.sources = map[access.Source]*refusedSource{}
		}
		v.sources[source] = s
	}
	if v.lines < allLines && s != nil && s.lines < sourceLines {
		v.lines++
		s.lines++
		return true
	}
	if v.timer == nil {
		v.timer = time.AfterFunc(volumeEvery, func() { v.end(log) })
	}
	if s == nil {
		v.others++
		return false
	}
	s.more++
	if refusal != "" {
		s.refused++
		s.reason = refusal
	}
	return false
}

// end logs what was counted so far.
func (v *volume) end(log func(*refusedSource)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.flush(log)
}

func (v *volume) flush(log func(*refusedSource)) {
	if v.timer != nil {
		v.timer.Stop()
		v.timer = nil
	}
	for _, s := range v.sources {
		if s.more > 0 {
			log(s)
		}
	}
	if v.others > 0 {
		log(&refusedSource{more: v.others})
	}
	v.sources, v.lines, v.others = nil, 0, 0
}

// logCount is the line of what a source was refused beyond the lines that it may have. Where a stranger's tries are among it the line
// is a refusal's, so that who reads those (deploy/fail2ban) sees the source go on.
func (a *api) logCount(level zerolog.Level, s *refusedSource) {
	switch {
	case s.remote == "":
		a.Log.Warn().Int("count", s.more).Msg("requests of more sources that got nothing")
	case s.refused > 0:
		a.Log.Warn().Str("remote", s.remote).Str("reason", s.reason).Int("count", s.more).Msg("refused")
	default:
		a.Log.WithLevel(level).Str("remote", s.remote).Int("count", s.more).Msg("more requests that got nothing")
	}
}
