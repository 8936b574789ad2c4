package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// problem is an error as RFC 9457 has it.
type problem struct {
	Type   string `json:"type"` // about:blank: Title and Status say it all
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// ProblemBody is the body for a status that has no more to say.
func ProblemBody(status int) string {
	text, _ := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(status), Status: status}) // it has nothing that cannot be marshalled
	return string(text) + "\n"
}

// apiError is an error with the status that it is answered with. Its text is for the admin.
type apiError struct {
	status int
	text   string
}

func (e *apiError) Error() string { return e.text }

// badRequest says what is wrong with a request.
func badRequest(format string, args ...any) error {
	return &apiError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

var (
	errNoPath  error = &apiError{http.StatusNotFound, "there is no such path: /api/v1/openapi.json lists all"}
	errMethod  error = &apiError{http.StatusMethodNotAllowed, "the header Allow lists the methods of this path"}
	errNoPhone error = &apiError{http.StatusNotFound, "there is no phone of that MAC"}
	errNoFile  error = &apiError{http.StatusNotFound, "the phone has no file of that name"}
	errNotRead error = &apiError{http.StatusServiceUnavailable, "no configuration was read from Asterisk yet"}
)

// statusOf is the status that an error is answered with, and what it says.
func statusOf(err error) (int, string) {
	var own *apiError
	switch {
	case errors.As(err, &own):
		return own.status, own.text
	case errors.Is(err, ErrNothingHeld), errors.Is(err, ErrOtherHeld):
		return http.StatusConflict, err.Error()
	case errors.Is(err, provision.ErrNotFound):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, provision.ErrUnavailable), errors.Is(err, datadir.ErrNoGoodFile), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, err.Error()
	}
	return http.StatusInternalServerError, err.Error()
}
