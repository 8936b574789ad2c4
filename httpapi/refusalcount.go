package httpapi

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// Bounds of the log lines per second about requests that get nothing. Without them an attacker could choose the size of
// the log. A line has at most about 1.5 kB, the count of a source 150 bytes.
const (
	sourceLines = 100  // lines of one source: twice what fail2ban needs to see (deploy/fail2ban)
	allLines    = 500  // lines of all sources together
	maxCounted  = 1000 // sources with a count of their own; the others share one
	countEvery  = time.Second
)

// refusalLines bounds the log lines about requests that get nothing. It counts the requests beyond the bound, and logs
// one line with the count of each source at the end of the second. The zero value is ready.
type refusalLines struct {
	mu      sync.Mutex
	begun   time.Time // when this second began
	lines   int       // logged in this second
	sources map[access.Source]*refusedSource
	others  int // requests of sources without a count of their own
	timer   *time.Timer
}

// refusedSource counts the requests of a source that got nothing within the second.
type refusedSource struct {
	remote  string
	lines   int    // logged
	more    int    // requests that were not logged
	refused int    // those of them that were refusals
	reason  string // of the last refusal
}

// allow reports whether a request may have log lines of its own. If not, it is counted, and log gets the count within a
// second.
func (v *refusalLines) allow(source access.Source, remote, refusal string, log func(*refusedSource)) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := time.Now(); now.Sub(v.begun) >= countEvery {
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
		v.timer = time.AfterFunc(countEvery, func() { v.end(log) })
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

// end logs the counts now.
func (v *refusalLines) end(log func(*refusedSource)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.flush(log)
}

func (v *refusalLines) flush(log func(*refusedSource)) {
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

// logCount logs how many more requests a source sent. If there were refusals among them, the line is one of a refusal,
// so that its readers (deploy/fail2ban) see that the source goes on.
func (a *api) logCount(level zerolog.Level, s *refusedSource) {
	switch {
	case s.remote == "":
		a.Log.Warn().Int("count", s.more).Msg("requests of more sources that got nothing")
	case s.refused > 0:
		a.Log.Warn().Str("remote", s.remote).Str("reason", s.reason).Int("count", s.more).Msg(a.refusedText())
	default:
		a.Log.WithLevel(level).Str("remote", s.remote).Int("count", s.more).Msg("more requests that got nothing")
	}
}
