package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

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

// Errors of a NotifyFunc.
var (
	// ErrNoSuchPhone: a phone was named that there is not.
	ErrNoSuchPhone = errors.New("there is no such phone")
	// ErrConflict: the request cannot be done as things are.
	ErrConflict = errors.New("this cannot be done now")
)

// NotifyFunc tells phones. An error is ErrNoSuchPhone, ErrConflict, or says what is wrong with the request.
type NotifyFunc func(context.Context, NotifyRequest) (NotifyResult, error)

// maxNotify bounds in bytes the body of a request: 10,000 MACs.
const maxNotify = 256 << 10

// Notify answers POST at NotifyPath and NotifyPhonePath.
func Notify(tell NotifyFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(NotifyPath, func(w http.ResponseWriter, r *http.Request) { notifyPhones(w, r, tell) })
	mux.HandleFunc(NotifyPhonePath, func(w http.ResponseWriter, r *http.Request) { notifyPhones(w, r, tell) })
	return mux
}

func notifyPhones(w http.ResponseWriter, r *http.Request, tell NotifyFunc) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuseNotify(w, http.StatusMethodNotAllowed, "the header Allow lists the methods of this path")
		return
	}
	if r.URL.RawQuery != "" {
		refuseNotify(w, http.StatusBadRequest, "what is wanted stands in the body, as JSON, and not in the URL")
		return
	}
	var q NotifyRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNotify))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&q); err != nil && !errors.Is(err, io.EOF) {
		refuseNotify(w, http.StatusBadRequest, `the body cannot be read: want {"phones":[],"profile":"","state":[],"all":false,"reboot":false,"dry_run":false,"confirm":false}, or some of it`)
		return
	}
	if mac := r.PathValue("mac"); mac != "" {
		if len(q.Phones) > 0 || q.Profile != "" || len(q.State) > 0 || q.All {
			refuseNotify(w, http.StatusBadRequest, "the path names the phone: the body may have reboot and dry_run only")
			return
		}
		q.Phones = []string{mac}
	}
	if i := slices.IndexFunc(q.State, func(s ledger.State) bool { return !s.Valid() }); i >= 0 {
		refuseNotify(w, http.StatusBadRequest, "there is no state "+strings.ToValidUTF8(string(q.State[i]), "?"))
		return
	}
	result, err := tell(r.Context(), q)
	switch {
	case errors.Is(err, ErrNoSuchPhone):
		refuseNotify(w, http.StatusNotFound, err.Error())
	case errors.Is(err, ErrConflict):
		refuseNotify(w, http.StatusConflict, err.Error())
	case err != nil:
		refuseNotify(w, http.StatusBadRequest, err.Error())
	default:
		status := http.StatusAccepted
		if q.DryRun {
			status = http.StatusOK
		}
		answerNotify(w, status, "application/json", result)
	}
}

// refuseNotify answers a problem of RFC 9457.
func refuseNotify(w http.ResponseWriter, status int, detail string) {
	answerNotify(w, status, "application/problem+json", map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func answerNotify(w http.ResponseWriter, status int, mime string, body any) {
	w.Header().Set("Content-Type", mime)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // texts and numbers; a connection that is gone is none of ours
}
