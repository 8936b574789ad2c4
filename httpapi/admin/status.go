package admin

import (
	"net/http"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Status is the state of Asterisk and of the synchronisation.
type Status struct {
	AMI         AMI
	LastError   string    // what is wrong now; empty: nothing
	LastErrorAt time.Time // when LastError began
	LastSync    *Sync     // the last successful one; nil: none yet
	Warnings    []string  // what an admin should act on
	Restored    time.Time // when the restored snapshot that is served was saved; zero: Asterisk was read since the start
	PBXs        []PBX     // of several Asterisks: each; nil: there is one
}

// PBX is one of several Asterisks.
type PBX struct {
	Name        string          `json:"name"`
	Read        bool            `json:"read"`   // its phones are served
	Phones      int             `json:"phones"` // that are served
	AMI         AMI             `json:"ami"`
	LastSync    *Sync           `json:"last_sync"`
	LastError   string          `json:"last_error"`
	LastErrorAt *time.Time      `json:"last_error_at"`
	Restored    *time.Time      `json:"restored"` // when what is served of it was saved; null: it was read since the start
	Held        *provision.Held `json:"held"`
}

// AMI is the connection to Asterisk.
type AMI struct {
	Configured      bool       `json:"configured"` // false: phoneprov does not connect to Asterisk
	Connected       bool       `json:"connected"`
	Since           *time.Time `json:"since"` // when Connected last changed; null: never
	AsteriskVersion string     `json:"asterisk_version"`
}

// Sync is the last sync in short. /api/v1/syncs has the phones that it changed.
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
	States      []ledger.Definition  `json:"states"` // definitions of the words in counts, the worst first
	AMI         AMI                  `json:"ami"`
	LastSync    *Sync                `json:"last_sync"`
	LastError   string               `json:"last_error"`
	LastErrorAt *time.Time           `json:"last_error_at"`
	Restored    *time.Time           `json:"restored"` // when the restored configuration was saved; null: none is served
	Held        *provision.Held      `json:"held"`
	Warnings    []string             `json:"warnings"`
	PBXs        []PBX                `json:"pbxs,omitempty"` // where there are several Asterisks
	Ledger      ledger.Stats         `json:"ledger"`
}

// status answers with the summary.
func (a *API) status(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, a.Summary())
}

// Summary returns the state of the service and the counts of phones.
func (a *API) Summary() Summary {
	s := Summary{Version: a.Version, Counts: a.Ledger.Counts(), States: ledger.States(), Ledger: a.Ledger.Stats(), Warnings: []string{}}
	if snapshot := a.Store.Load(); snapshot != nil {
		counts := snapshot.Counts()
		s.Ready, s.Generation, s.BuiltAt = true, snapshot.Generation, known(snapshot.BuiltAt)
		s.Phones, s.Lines, s.Files = counts.Phones, counts.Lines, counts.Routes
	}
	if a.Status != nil {
		of := a.Status()
		s.AMI, s.LastError, s.LastErrorAt, s.LastSync = of.AMI, of.LastError, known(of.LastErrorAt), of.LastSync
		s.Restored, s.PBXs = known(of.Restored), of.PBXs
		s.Warnings = append(s.Warnings, of.Warnings...)
		if s.LastError == "" {
			s.LastErrorAt = nil
		}
	}
	if a.Held != nil {
		if all := a.Held(); len(all) > 0 {
			s.Held = &all[0]
		}
	}
	return s
}

// known returns a time for JSON, or nil if the time is zero.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
