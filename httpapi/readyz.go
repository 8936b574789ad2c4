package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Status is what the synchronisation with Asterisk says of itself, and the log. The zero Status is one that never connected.
type Status struct {
	Connected bool      // to the AMI
	LastError string    // why the last attempt to connect or to read failed; empty: it did not
	LastSync  time.Time // the last good one; zero: none yet
	Peers     []Peers
	Warnings  []string // what the administrator should see to, though files are served
	Lost      Lost     // the last phones that are gone from the configuration; zero: none are, or they are back
	Held      *Held    // the change that is not applied, as it would take away too many phones; nil: none is
	Source    string   // of what is read: "ami" or "files"; empty: not known

	LogDropped uint64 // lines of the log since the start that its reader was too slow for
}

// Lost are phones that are gone from the configuration.
type Lost struct {
	At     time.Time `json:"at"`
	Count  int       `json:"count"`
	Phones []string  `json:"phones"` // the first of them by ID
}

// Held is a change of the configuration that is not applied until it is confirmed.
type Held struct {
	ID      string    `json:"id"` // of this very change
	Since   time.Time `json:"since"`
	Trigger string    `json:"trigger"`
	Reason  string    `json:"reason"`
	Before  int       `json:"before"`
	After   int       `json:"after"`
	Lost    int       `json:"lost"`
	Phones  []string  `json:"phones"` // the first of those that would be lost, by ID
}

// SourceLastGood is the source of a snapshot that was restored: nothing was read since the start.
const SourceLastGood = "last good"

// Peers counts the peers of Asterisk of one kind that are in one state, as Asterisk names both.
type Peers struct {
	Kind  string `json:"kind"`
	State string `json:"state"`
	Count int    `json:"count"`
}

// readiness is the body of /readyz.
type readiness struct {
	Ready        bool       `json:"ready"`
	Generation   uint64     `json:"generation"`
	AgeSeconds   float64    `json:"age_seconds"`        // of the snapshot
	Source       string     `json:"source,omitempty"`   // of the snapshot: "ami", "files" or "last good"; empty: there is none
	SavedAt      *time.Time `json:"saved_at,omitempty"` // when it was kept, if it is the last good one
	Phones       int        `json:"phones"`
	Lines        int        `json:"lines"`
	Routes       int        `json:"routes"`
	AMIConnected bool       `json:"ami_connected"`
	LastError    string     `json:"last_error"`
	LastSync     *time.Time `json:"last_sync"`
	Peers        []Peers    `json:"peers"`
	Warnings     []string   `json:"warnings,omitempty"`
	Lost         *Lost      `json:"lost_phones,omitempty"`
	Held         *Held      `json:"held,omitempty"`
	LogDropped   uint64     `json:"log_lines_dropped"` // since the start, because whoever reads the log stalled or was gone
}

// readyz answers 200 with a snapshot to serve and 503 without, either way with what is known.
func (a *api) readyz(w http.ResponseWriter, r *http.Request, _ *entry) error {
	body := readiness{Peers: []Peers{}}
	if a.Status != nil {
		s := a.Status()
		body.AMIConnected, body.LastError = s.Connected, s.LastError
		body.Peers = append(body.Peers, s.Peers...)
		body.Warnings = append(body.Warnings, s.Warnings...)
		if s.Lost.Count > 0 {
			body.Lost = &s.Lost
		}
		body.LogDropped, body.Held, body.Source = s.LogDropped, s.Held, s.Source
		if !s.LastSync.IsZero() {
			body.LastSync = &s.LastSync
		}
	}
	status := http.StatusServiceUnavailable
	s := a.Store.Load()
	if s == nil {
		body.Source = ""
	} else {
		counts := s.Counts()
		body.Ready, body.Generation, body.AgeSeconds = true, s.Generation, a.Now().Sub(s.BuiltAt).Seconds()
		body.Phones, body.Lines, body.Routes = counts.Phones, counts.Lines, counts.Routes
		status = http.StatusOK
		if !s.SavedAt.IsZero() {
			body.Source, body.SavedAt = SourceLastGood, &s.SavedAt
		}
	}
	text, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, err = w.Write(text)
	}
	return err
}
