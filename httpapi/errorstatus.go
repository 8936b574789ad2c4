package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/uploads"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/device"
)

// retryAfter tells a phone that could not be served when to ask again: an Asterisk boots in about three seconds.
const retryAfter = 10 * time.Second

// statusClientGone is nginx's number for a client that went away. It appears only in the log.
const statusClientGone = 499

var (
	errNotFound   = provision.ErrNotFound
	errMethod     = errors.New("method not allowed")
	errNoSnapshot = errors.New("no configuration was read from Asterisk yet")
	errPartUnread = errors.New("no configuration was read yet from one of the Asterisks, whose phone this may be")
)

// otherMethod refuses all methods except GET, HEAD and those of uploads.
func (a *api) otherMethod(_ http.ResponseWriter, r *http.Request, e *entry) error {
	e.reason = reasonMethod
	name := strings.TrimPrefix(chi.RouteContext(r.Context()).RoutePath, a.Prefix+"/")
	if name, ok := fileName(name); ok {
		e.link, e.file = cutLink(name)
		name = e.file
		e.mac, _, _ = device.FindMAC(name)
	}
	return errMethod
}

// handler answers a request, or returns why it does not. It notes in e what the log is to say.
type handler func(w http.ResponseWriter, r *http.Request, e *entry) error

// handle makes an http.HandlerFunc of a handler. It is the only place where an error becomes a status and a request a
// log line. The line has the given level unless something is wrong with us.
func (a *api) handle(level zerolog.Level, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		res := newResponseWriter(w)
		if len(r.TransferEncoding) > 0 {
			// RFC 9112, 6.1: the request may have had a Content-Length too, which net/http does not report and a proxy
			// may have used
			w.Header().Set("Connection", "close")
		}
		e := entry{client: a.client(r), check: isCheck(r)}
		if reason := a.door(r, &e.client); reason != "" && !e.check {
			e.refused(reason, device.MAC{})
			e.err = errNotFound // for every request, so that a stranger learns about no file
		} else {
			e.err = call(h, res, r, &e)
		}
		sent := res.status != 0
		if e.err != nil && !sent {
			a.answerError(res, r, e.err)
		}
		if e.err == nil {
			e.err = res.err
		}
		if e.check {
			return // it is no phone's request
		}
		a.linkUsed(&e, res)
		took := time.Since(start)
		a.logRequest(level, r, res, &e, took)
		a.record(r, res, &e, start, took)
		if e.panicked && sent {
			panic(http.ErrAbortHandler) // the phone must not take half a file for a whole one
		}
	}
}

// call runs h. A panic of h becomes an error, with the stack for the log.
func call(h handler, w http.ResponseWriter, r *http.Request, e *entry) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.panicked = true
			err = provision.PanicError(v)
		}
	}()
	return h(w, r, e)
}

// statuses maps the errors that are not our fault to their status.
var statuses = [...]struct {
	err    error
	status int
}{
	{errNotFound, http.StatusNotFound},
	{errMethod, http.StatusMethodNotAllowed},
	{errNoSnapshot, http.StatusServiceUnavailable},
	{errPartUnread, http.StatusServiceUnavailable},
	{provision.ErrUnavailable, http.StatusServiceUnavailable},
	{datadir.ErrNoGoodFile, http.StatusServiceUnavailable},
	{errBusy, http.StatusServiceUnavailable},
	{errTransfers, http.StatusServiceUnavailable},
	{errMadeRoom, http.StatusServiceUnavailable},
	{errSlowDisk, http.StatusServiceUnavailable},
	{errChallenge, http.StatusUnauthorized},
	{errOrigin, http.StatusForbidden},
	{errTooLarge, http.StatusRequestEntityTooLarge},
	{errHalf, http.StatusBadRequest},
	{errPart, http.StatusBadRequest},
	{uploads.ErrFull, http.StatusInsufficientStorage},
}

func statusOf(err error, r *http.Request) int {
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	_, tooMany := errors.AsType[tooManyError](err)
	switch {
	case tooMany:
		return http.StatusTooManyRequests
	case r.Context().Err() != nil:
		return statusClientGone
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// answerError sends the status and one line, which is the same for every request.
func (a *api) answerError(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err, r)
	h := w.Header()
	text := http.StatusText(status) + "\n"
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if a.Admins.Problem != nil && strings.HasPrefix(r.URL.Path, "/api/") {
		text = a.Admins.Problem(status)
		h.Set("Content-Type", "application/problem+json")
	}
	h.Set("Content-Length", strconv.Itoa(len(text)))
	if status == http.StatusMethodNotAllowed {
		h.Set("Allow", a.allow)
	}
	a.retryAfter(h, err, status)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.WriteString(w, text) // res.err has an error of this, and the log
	}
}

// retryAfter says when to try again, if the status is one of a moment.
func (a *api) retryAfter(h http.Header, err error, status int) {
	wait := retryAfter
	switch status {
	case http.StatusTooManyRequests:
		tooMany, _ := errors.AsType[tooManyError](err)
		wait = tooMany.wait
		fallthrough
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	}
}
