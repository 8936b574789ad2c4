package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// Status describes amisync and the log. In the zero Status, Asterisk was never connected.
type Status struct {
	Connected       bool      // connected to Asterisk
	AsteriskVersion string    // "22.10.1"; empty: unknown
	LastError       string    // what is wrong now with the connection or the last sync; empty: nothing
	LastErrorAt     time.Time // when LastError began; zero: nothing is wrong
	LastSync        time.Time // end of the last successful sync; zero: none
	Peers           []Peers
	Warnings        []string        // what the administrator should act on, although files are served
	Lost            Lost            // the last phones that vanished from the configuration; zero: none, or they are back
	Held            *provision.Held // the change that was not applied because it would remove too many phones; nil: none
	Source          string          // where the configuration is read from: "ami" or "files"; empty: unknown

	LogDropped uint64 // lines dropped since the start because their reader was too slow

	PBXs []PBX // of several Asterisks: each; nil: there is one
}

// PBX is one of several Asterisks.
type PBX struct {
	Name            string          `json:"name"`
	Read            bool            `json:"read"` // its phones are served
	AMIConnected    bool            `json:"ami_connected"`
	AsteriskVersion string          `json:"asterisk_version"`
	LastError       string          `json:"last_error"`
	LastSync        *time.Time      `json:"last_sync"`
	SavedAt         *time.Time      `json:"saved_at,omitempty"` // when what is served of it was saved, if it was restored
	Held            *provision.Held `json:"held,omitempty"`
}

// tried reports whether each Asterisk was read or restored, or was tried in vain. One that is down hides its phones only.
func tried(pbxs []PBX) bool {
	return !slices.ContainsFunc(pbxs, func(p PBX) bool { return !p.Read && p.LastError == "" })
}

// Lost are phones that vanished from the configuration.
type Lost struct {
	At     time.Time `json:"at"`
	Count  int       `json:"count"`
	Phones []string  `json:"phones"` // the IDs of the first lost phones
}

// SourceLastGood is the source of a restored snapshot: nothing was read since the start.
const SourceLastGood = "last good"

// Peers counts the peers of Asterisk of one kind that are in one state, as Asterisk names both.
type Peers struct {
	Kind  string `json:"kind"`
	State string `json:"state"`
	Count int    `json:"count"`
}

// readiness is the body of /readyz.
type readiness struct {
	Ready           bool            `json:"ready"`
	Version         string          `json:"version"` // of phoneprov
	Generation      uint64          `json:"generation"`
	AgeSeconds      float64         `json:"age_seconds"`        // age of the snapshot
	Source          string          `json:"source,omitempty"`   // source of the snapshot: "ami", "files" or "last good"; empty: no snapshot
	SavedAt         *time.Time      `json:"saved_at,omitempty"` // when the snapshot was saved, if it is a restored one
	Phones          int             `json:"phones"`
	Lines           int             `json:"lines"`
	Routes          int             `json:"routes"`
	AMIConnected    bool            `json:"ami_connected"`
	AsteriskVersion string          `json:"asterisk_version"`
	LastError       string          `json:"last_error"`
	LastErrorAt     *time.Time      `json:"last_error_at"` // when LastError began
	LastSync        *time.Time      `json:"last_sync"`
	Peers           []Peers         `json:"peers"`
	Warnings        []string        `json:"warnings,omitempty"`
	Lost            *Lost           `json:"lost_phones,omitempty"`
	Held            *provision.Held `json:"held,omitempty"`
	PBXs            []PBX           `json:"pbxs,omitempty"`    // where there are several Asterisks
	LogDropped      uint64          `json:"log_lines_dropped"` // lines dropped since the start because their reader was too slow or gone
}

// readyz answers 200 if there is a snapshot to serve, else 503; with several Asterisks, also 503 while one is read for the
// first time. The body has all known facts in both cases.
func (a *api) readyz(w http.ResponseWriter, r *http.Request, _ *entry) error {
	body := readiness{Version: a.Version, Peers: []Peers{}}
	if a.Status != nil {
		s := a.Status()
		body.AMIConnected, body.AsteriskVersion = s.Connected, s.AsteriskVersion
		if body.LastError = s.LastError; s.LastError != "" {
			body.LastErrorAt = &s.LastErrorAt
		}
		body.Peers = append(body.Peers, s.Peers...)
		body.Warnings = append(body.Warnings, s.Warnings...)
		if s.Lost.Count > 0 {
			body.Lost = &s.Lost
		}
		body.LogDropped, body.Held, body.Source = s.LogDropped, s.Held, s.Source
		body.PBXs = s.PBXs
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
		body.Ready, body.Generation, body.AgeSeconds = tried(body.PBXs), s.Generation, a.Now().Sub(s.BuiltAt).Seconds()
		body.Phones, body.Lines, body.Routes = counts.Phones, counts.Lines, counts.Routes
		if body.Ready {
			status = http.StatusOK
		}
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
