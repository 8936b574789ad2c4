package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/phoneprov/phoneprov/provision"
)

// accepted is the answer to an action that runs later.
type accepted struct {
	Accepted bool `json:"accepted"`
}

// reload asks for a sync that reads everything again.
func (a *API) reload(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	if err := a.ReadAgain("API"); err != nil {
		return err
	}
	return answer(w, r, http.StatusAccepted, accepted{true})
}

// ReadAgain asks for a sync that reads everything again. by says who wants it.
func (a *API) ReadAgain(by string) error {
	if a.Reload == nil {
		return &apiError{http.StatusServiceUnavailable, "nothing can be read again here"}
	}
	a.Reload(by)
	return nil
}

// confirmed is the answer to a confirmation.
type confirmed struct {
	Applied provision.Held   `json:"applied"`       // the first
	All     []provision.Held `json:"all,omitempty"` // where there are several Asterisks: each that was applied
}

// maxBody bounds the body of an action in bytes.
const maxBody = 4 << 10

// confirm applies the held sync.
func (a *API) confirm(w http.ResponseWriter, r *http.Request) error {
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
	applied, err := a.ConfirmHeld(body.Held, "API")
	if err != nil {
		return err
	}
	done := confirmed{Applied: applied[0]}
	if applied[0].PBX != "" {
		done.All = applied
	}
	return answer(w, r, http.StatusOK, done)
}

// ConfirmHeld applies the held sync of an ID, or whatever is held if the ID is empty: at least one sync, if there is no
// error. by says who wants it.
func (a *API) ConfirmHeld(id, by string) ([]provision.Held, error) {
	if a.Confirm == nil {
		return nil, provision.ErrNothingHeld
	}
	return a.Confirm(id, by)
}
