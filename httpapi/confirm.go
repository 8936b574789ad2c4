package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// ConfirmPath is where a change that is held is confirmed.
const ConfirmPath = "/api/v1/confirm"

// What Options.Confirm returns.
var (
	ErrNothingHeld = errors.New("nothing is held")
	ErrOtherHeld   = errors.New("another change is held by now: look at it first")
)

// maxConfirm bounds the body of a confirmation in bytes.
const maxConfirm = 4 << 10

// confirm applies what is held: POST, with {"held":"ID"} or without a body. It is for this machine alone, and for no web page.
func (a *api) confirm(w http.ResponseWriter, r *http.Request, e *entry) error {
	if !e.client.addr.IsLoopback() {
		return refuseAction(w, http.StatusForbidden, "a change is confirmed from the machine that phoneprov runs on")
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return refuseAction(w, http.StatusForbidden, "the request comes from a page of another site")
	}
	var body struct {
		Held string `json:"held"` // the ID that the admin has seen; empty: whatever is held
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxConfirm)).Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		return refuseAction(w, http.StatusBadRequest, `the body is not {"held":"ID"}, nor empty`)
	}
	if a.Confirm == nil {
		return refuseAction(w, http.StatusConflict, ErrNothingHeld.Error())
	}
	held, err := a.Confirm(body.Held, "API")
	if err != nil {
		return refuseAction(w, http.StatusConflict, err.Error())
	}
	return answerAction(w, http.StatusOK, "application/json", map[string]Held{"applied": held})
}

// refuseAction answers as RFC 9457 has it.
func refuseAction(w http.ResponseWriter, status int, detail string) error {
	return answerAction(w, status, "application/problem+json", map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func answerAction(w http.ResponseWriter, status int, mime string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mime)
	w.WriteHeader(status)
	_, err = w.Write(append(text, '\n'))
	return err
}
