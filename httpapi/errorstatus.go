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

// retryAfter is when a phone should ask again that could not be served: an Asterisk boots in about three seconds.
const retryAfter = 10 * time.Second

// statusClientGone is nginx's number for a client that did not wait; only the log sees it.
const statusClientGone = 499

var (
	errNotFound   = provision.ErrNotFound
	errMethod     = errors.New("method not allowed")
	errNoSnapshot = errors.New("no configuration was read from Asterisk yet")
)

// otherMethod refuses what is neither GET, HEAD nor an upload.
func (a *api) otherMethod(_ http.ResponseWriter, r *http.Request, e *entry) error {
	e.reason = reasonMethod
	name := strings.TrimPrefix(chi.RouteContext(r.Context()).RoutePath, a.Prefix+"/")
	if name, ok := fileName(name); ok {
		e.file = name
		e.mac, _, _ = device.FindMAC(name)
	}
	return errMethod
}

// handler answers a request or returns why it cannot; it notes in e what the log line says.
type handler func(w http.ResponseWriter, r *http.Request, e *entry) error

// handle is the one place where an error becomes a status and a request a log line, at the given level where nothing
// is wrong with us.
func (a *api) handle(level zerolog.Level, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		res := newResponse(w)
		if len(r.TransferEncoding) > 0 {
			// RFC 9112, 6.1, where there was a Content-Length too, of which net/http does not tell: a proxy may have gone by it.
			w.Header().Set("Connection", "close")
		}
		e := entry{client: a.client(r)}
		if reason := a.door(r, &e.client); reason != "" {
			e.refused(reason, device.MAC{})
			e.err = errNotFound // whatever it asks for, so that it learns of no file
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
		a.logRequest(level, r, res, &e, time.Since(start))
		if e.panicked && sent {
			panic(http.ErrAbortHandler) // half a file: the phone must not take it for a whole one
		}
	}
}

// call runs h; its panic is an error like any other, with the stack for the log.
func call(h handler, w http.ResponseWriter, r *http.Request, e *entry) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.panicked = true
			err = provision.PanicError(v)
		}
	}()
	return h(w, r, e)
}

// statuses are the errors that are not our fault.
var statuses = [...]struct {
	err    error
	status int
}{
	{errNotFound, http.StatusNotFound},
	{errMethod, http.StatusMethodNotAllowed},
	{errNoSnapshot, http.StatusServiceUnavailable},
	{provision.ErrUnavailable, http.StatusServiceUnavailable},
	{datadir.ErrNoGoodFile, http.StatusServiceUnavailable},
	{errBusy, http.StatusServiceUnavailable},
	{errMadeRoom, http.StatusServiceUnavailable},
	{errSlowDisk, http.StatusServiceUnavailable},
	{errAsk, http.StatusUnauthorized},
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

// answerError sends the status and its one line, the same for every request.
func (a *api) answerError(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err, r)
	h := w.Header()
	text := http.StatusText(status) + "\n"
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	wait := retryAfter
	switch status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", a.allow)
	case http.StatusTooManyRequests:
		tooMany, _ := errors.AsType[tooManyError](err)
		wait = tooMany.wait
		fallthrough
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.WriteString(w, text) // an error here is res.err, and logged
	}
}
