package admin

import (
	"net/http"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Status is what is known of Asterisk and of the synchronisation with it.
type Status struct {
	AMI         AMI
	LastError   string    // what is wrong now; empty: nothing
	LastErrorAt time.Time // when that began
	LastSync    *Sync     // the last that succeeded; nil: none yet
	Warnings    []string  // what the admin should see to
	Restored    time.Time // what is served was kept then, and Asterisk was not read since; zero: it was read
}

// AMI is the connection to Asterisk.
type AMI struct {
	Configured      bool       `json:"configured"` // false: Asterisk is not asked
	Connected       bool       `json:"connected"`
	Since           *time.Time `json:"since"` // when Connected last changed; null: it never did
	AsteriskVersion string     `json:"asterisk_version"`
}

// Sync is the last sync in short: /api/v1/syncs has the phones that it changed.
type Sync struct {
	At      time.Time `json:"at"`
	Trigger string    `json:"trigger"`
	Added   int       `json:"added"`
	Removed int       `json:"removed"`
	Changed int       `json:"changed"`
}

// Summary is the answer of /api/v1/status.
type Summary struct {
	Version     string               `json:"version"`
	Ready       bool                 `json:"ready"` // there is a configuration to serve
	Generation  uint64               `json:"generation"`
	BuiltAt     *time.Time           `json:"built_at"`
	Phones      int                  `json:"phones"`
	Lines       int                  `json:"lines"`
	Files       int                  `json:"files"`
	Counts      map[ledger.State]int `json:"counts"`
	States      []ledger.Definition  `json:"states"` // what the words of counts mean, the worst first
	AMI         AMI                  `json:"ami"`
	LastSync    *Sync                `json:"last_sync"`
	LastError   string               `json:"last_error"`
	LastErrorAt *time.Time           `json:"last_error_at"`
	Restored    *time.Time           `json:"restored"` // what is served was kept then; null: it was read since the start
	Held        *Held                `json:"held"`
	Warnings    []string             `json:"warnings"`
	Ledger      ledger.Stats         `json:"ledger"`
}

// status answers the summary.
func (a *api) status(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, a.summary())
}

func (a *api) summary() Summary {
	s := Summary{Version: a.Version, Counts: a.Ledger.Counts(), States: ledger.States(), Ledger: a.Ledger.Stats(), Warnings: []string{}}
	if snapshot := a.Store.Load(); snapshot != nil {
		counts := snapshot.Counts()
		s.Ready, s.Generation, s.BuiltAt = true, snapshot.Generation, known(snapshot.BuiltAt)
		s.Phones, s.Lines, s.Files = counts.Phones, counts.Lines, counts.Routes
	}
	if a.Status != nil {
		of := a.Status()
		s.AMI, s.LastError, s.LastErrorAt, s.LastSync = of.AMI, of.LastError, known(of.LastErrorAt), of.LastSync
		s.Restored = known(of.Restored)
		s.Warnings = append(s.Warnings, of.Warnings...)
		if s.LastError == "" {
			s.LastErrorAt = nil
		}
	}
	if a.Held != nil {
		s.Held = a.Held()
	}
	return s
}

// known is a time as JSON has it; nil: it is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
