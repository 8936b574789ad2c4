package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// The paths at which phones are told by hand.
const (
	NotifyPath      = "/api/v1/notify"
	NotifyPhonePath = "/api/v1/phones/{mac}/notify"
)

// NotifyRequest says which phones are told to fetch their files, or that what is held is confirmed.
type NotifyRequest struct {
	Phones  []string       `json:"phones"`  // MACs in any spelling, or IDs
	Profile string         `json:"profile"` // the phones of a profile
	State   []ledger.State `json:"state"`   // the phones in one of these states
	All     bool           `json:"all"`
	Reboot  bool           `json:"reboot"`  // they are to reboot
	DryRun  bool           `json:"dry_run"` // nobody is told, and the answer says who would be
	Confirm bool           `json:"confirm"` // also more phones than resync.limit; without a selection: those that are held
}

// NotifyResult is what came of it. Phones are told later, at the pace of [resync]: the fetch is the proof.
type NotifyResult struct {
	Items     []NotifiedPhone `json:"items"`     // the first 1,000
	Total     int             `json:"total"`     // phones that were selected
	Told      int             `json:"told"`      // of those, that are told or would be
	Confirmed int             `json:"confirmed"` // held phones that were confirmed
}

// NotifiedPhone is what came of one phone.
type NotifiedPhone struct {
	ID      string       `json:"id"`
	MAC     string       `json:"mac"`
	Name    string       `json:"name"`
	State   ledger.State `json:"state"`
	Outcome string       `json:"outcome"` // queued, would_tell, not_told
	Event   string       `json:"event"`
	Reboots string       `json:"reboots"` // no, yes, maybe
	To      string       `json:"to"`      // whom Asterisk sends it
	Why     string       `json:"why"`     // of not_told, and what delays queued
}

// NotifyFunc tells phones. An error that is ErrNoSuchPhone or ErrConflict says so, any other what is wrong with the request.
type NotifyFunc func(context.Context, NotifyRequest) (NotifyResult, error)

// Errors of a NotifyFunc.
var (
	// ErrNoSuchPhone: a phone was named that there is not.
	ErrNoSuchPhone = errors.New("there is no such phone")
	// ErrConflict: the request cannot be done as things are.
	ErrConflict = errors.New("this cannot be done now")
)

// NotTold is the Outcome of a phone that is not told.
const NotTold = "not_told"

// Tell tells phones to fetch their files.
func (a *API) Tell(ctx context.Context, q NotifyRequest) (NotifyResult, error) {
	if a.Notify == nil {
		return NotifyResult{}, &apiError{http.StatusServiceUnavailable, "there is no Asterisk that could tell phones: ami.address is empty"}
	}
	result, err := a.Notify(ctx, q)
	switch {
	case errors.Is(err, ErrNoSuchPhone):
		err = &apiError{http.StatusNotFound, err.Error()}
	case errors.Is(err, ErrConflict):
		err = &apiError{http.StatusConflict, err.Error()}
	case err != nil:
		err = badRequest("%v", err)
	}
	return result, err
}

// maxNotify bounds in bytes the body of a request: 10,000 MACs.
const maxNotify = 256 << 10

// notify tells phones: those of the body, or the one of the path.
func (a *API) notify(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	var q NotifyRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNotify))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&q); err != nil && !errors.Is(err, io.EOF) {
		return badRequest(`the body cannot be read: want {"phones":[],"profile":"","state":[],"all":false,"reboot":false,"dry_run":false,"confirm":false}, or some of it`)
	}
	if mac := r.PathValue("mac"); mac != "" {
		if len(q.Phones) > 0 || q.Profile != "" || len(q.State) > 0 || q.All {
			return badRequest("the path names the phone: the body may have reboot and dry_run only")
		}
		q.Phones = []string{mac}
	}
	if i := slices.IndexFunc(q.State, func(s ledger.State) bool { return !s.Valid() }); i >= 0 {
		return badRequest("there is no state %q", clip(string(q.State[i])))
	}
	result, err := a.Tell(r.Context(), q)
	if err != nil {
		return err
	}
	status := http.StatusAccepted
	if q.DryRun {
		status = http.StatusOK
	}
	return answer(w, r, status, result)
}
