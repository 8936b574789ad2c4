package admin

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Problem is something that is wrong now.
type Problem struct {
	Severity string    `json:"severity"` // info, warning or error
	Message  string    `json:"message"`
	File     string    `json:"file"`          // file with the problem; empty: it is in no file
	Line     int       `json:"line"`          // 0: unknown
	PBX      string    `json:"pbx,omitempty"` // the Asterisk, where there are several
	About    string    `json:"about"`         // configuration, template, asterisk, settings, ledger
	Since    time.Time `json:"since"`         // when it was first seen, without a break since
}

// Tracker remembers since when each problem exists. The zero Tracker is ready for use.
type Tracker struct {
	mu   sync.Mutex
	seen map[Problem]time.Time // by the problem without Since
}

// Track sets Since of the current problems and forgets all others. A problem that already has a Since keeps it. The
// newest come first.
func (t *Tracker) Track(current []Problem, now time.Time) []Problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := make(map[Problem]time.Time, len(current))
	var tracked []Problem
	for _, p := range current {
		since := p.Since
		p.Since = time.Time{}
		if _, twice := seen[p]; twice {
			continue
		}
		if since.IsZero() {
			since = now
			if before, ok := t.seen[p]; ok {
				since = before
			}
		}
		seen[p] = since
		p.Since = since.UTC()
		tracked = append(tracked, p)
	}
	t.seen = seen
	slices.SortStableFunc(tracked, func(a, b Problem) int { return b.Since.Compare(a.Since) })
	return tracked
}

// problems answers with the current problems.
func (a *API) problems(w http.ResponseWriter, r *http.Request) error {
	limit, err := onlyLimit(r)
	if err != nil {
		return err
	}
	var current []Problem
	if a.Problems != nil {
		current = a.Problems()
	}
	return answerList(w, r, current, limit)
}

// Setting is a setting in force.
type Setting struct {
	Section string `json:"section"`
	Key     string `json:"key"`
	Value   string `json:"value"`   // "<secret>" if it is one
	Default string `json:"default"` // empty: none
	Origin  string `json:"origin"`  // default, environment NAME, or file:line
	Secret  bool   `json:"secret"`
	Meaning string `json:"meaning"`
}

// settings answers with the settings in force.
func (a *API) settings(w http.ResponseWriter, r *http.Request) error {
	limit, err := onlyLimit(r)
	if err != nil {
		return err
	}
	return answerList(w, r, a.Settings, limit)
}
