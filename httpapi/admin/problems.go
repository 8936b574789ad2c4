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
	File     string    `json:"file"`  // where it is; empty: nowhere in a file
	Line     int       `json:"line"`  // 0: not known
	About    string    `json:"about"` // configuration, template, asterisk, settings, ledger
	Since    time.Time `json:"since"` // when it was seen first without a break
}

// Tracker remembers since when each problem is there. The zero Tracker is ready.
type Tracker struct {
	mu   sync.Mutex
	seen map[Problem]time.Time // by all but Since
}

// Track sets Since of the problems that are there now, and forgets those that are not. A problem that comes with a time keeps
// it. The newest come first.
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

// problems answers what is wrong now.
func (a *api) problems(w http.ResponseWriter, r *http.Request) error {
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

// Setting is one that is in force.
type Setting struct {
	Section string `json:"section"`
	Key     string `json:"key"`
	Value   string `json:"value"`   // of a secret: "<secret>"
	Default string `json:"default"` // empty: none
	Origin  string `json:"origin"`  // default, environment NAME, or file:line
	Secret  bool   `json:"secret"`
	Meaning string `json:"meaning"`
}

// settings answers what is in force.
func (a *api) settings(w http.ResponseWriter, r *http.Request) error {
	limit, err := onlyLimit(r)
	if err != nil {
		return err
	}
	return answerList(w, r, a.Settings, limit)
}
