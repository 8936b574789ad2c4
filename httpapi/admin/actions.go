package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Held is a sync that was not applied, as too many phones would be gone.
type Held struct {
	ID      string    `json:"id"` // names this very change: a confirmation of another one is refused
	Since   time.Time `json:"since"`
	Trigger string    `json:"trigger"` // of the sync
	Reason  string    `json:"reason"`  // for people
	Before  int       `json:"before"`  // phones that are served
	After   int       `json:"after"`   // phones that would be served
	Lost    int       `json:"lost"`    // phones that would be gone
	Phones  []string  `json:"phones"`  // the IDs of the first of them
}

// What Options.Confirm returns.
var (
	// ErrNothingHeld: there is nothing to confirm.
	ErrNothingHeld = errors.New("nothing is held")
	// ErrOtherHeld: what is held is another change than the one that was confirmed.
	ErrOtherHeld = errors.New("another change is held by now: look at it first")
)

// accepted is the answer to an action that is done later.
type accepted struct {
	Accepted bool `json:"accepted"`
}

// reload has everything read again, soon.
func (a *api) reload(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	if a.Reload == nil {
		return &apiError{http.StatusServiceUnavailable, "nothing can be read again here"}
	}
	a.Reload("API")
	return answer(w, r, http.StatusAccepted, accepted{true})
}

// confirmed is the answer to a confirmation.
type confirmed struct {
	Applied Held `json:"applied"`
}

// maxBody bounds in bytes the body of an action.
const maxBody = 4 << 10

// confirm applies the sync that is held.
func (a *api) confirm(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	var body struct {
		Held string `json:"held"` // the ID that the admin has seen; empty: whatever is held
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		return badRequest(`the body is not {"held":"ID"}, nor empty`)
	}
	if a.Confirm == nil {
		return ErrNothingHeld
	}
	applied, err := a.Confirm(r.Context(), body.Held, "API")
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, confirmed{applied})
}
