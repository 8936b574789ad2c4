package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// problem is an error in the form of RFC 9457.
type problem struct {
	Type   string `json:"type"` // about:blank: Title and Status say everything
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// ProblemBody returns the body for a status without a detail.
func ProblemBody(status int) string {
	text, _ := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(status), Status: status}) // cannot fail
	return string(text) + "\n"
}

// apiError is an error with its HTTP status. Its text is for the admin.
type apiError struct {
	status int
	text   string
}

func (e *apiError) Error() string { return e.text }

// badRequest returns a 400 that says what is wrong with the request.
func badRequest(format string, args ...any) error {
	return &apiError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// BadRequest returns a 400 with the text of an error.
func BadRequest(err error) error { return &apiError{http.StatusBadRequest, err.Error()} }

// Errors of the API. ErrNoPhone is for the page too.
var (
	errNoPath  error = &apiError{http.StatusNotFound, "there is no such path: /api/v1/openapi.json lists all"}
	errMethod  error = &apiError{http.StatusMethodNotAllowed, "the header Allow lists the methods of this path"}
	ErrNoPhone error = &apiError{http.StatusNotFound, "there is no phone of that MAC"}
	errNoFile  error = &apiError{http.StatusNotFound, "the phone has no file of that name"}
	errNotRead error = &apiError{http.StatusServiceUnavailable, "no configuration was read from Asterisk yet"}
)

// StatusOf returns the HTTP status and the text for an error.
func StatusOf(err error) (int, string) {
	var own *apiError
	switch {
	case errors.As(err, &own):
		return own.status, own.text
	case errors.Is(err, provision.ErrNothingHeld), errors.Is(err, provision.ErrOtherHeld):
		return http.StatusConflict, err.Error()
	case errors.Is(err, provision.ErrNotFound), errors.Is(err, ledger.ErrNoPhone), errors.Is(err, ledger.ErrNotFetched), errors.Is(err, ledger.ErrNotKept):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, provision.ErrUnavailable), errors.Is(err, datadir.ErrNoGoodFile), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, err.Error()
	}
	return http.StatusInternalServerError, err.Error()
}
