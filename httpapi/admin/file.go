package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// renderTimeout ends a rendering, as for a phone.
const renderTimeout = 10 * time.Second

// errStatic refuses what cannot be masked.
var errStatic error = &apiError{http.StatusForbidden,
	"this is a static file, in which a secret cannot be told from the rest: ask with ?secrets=true, which is logged"}

// file answers a file as the phone would get it now, rendered with the facts of its last request for it. Secrets are masked
// unless the parameter secrets asks for them.
func (a *api) file(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "secrets")
	if err != nil {
		return err
	}
	secrets, err := flag(values, "secrets")
	if err != nil {
		return err
	}
	phone, ok := a.Ledger.Phone(r.PathValue("mac"))
	if !ok {
		return errNoPhone
	}
	snapshot := a.Store.Load()
	if snapshot == nil {
		return errNotRead
	}
	rt := snapshot.Lookup(r.PathValue("name"))
	if rt == nil || rt.Owner != nil && rt.Owner != snapshot.Phone(phone.ID) {
		return errNoFile
	}
	ctx, cancel := context.WithTimeout(r.Context(), renderTimeout)
	defer cancel()
	render := a.Renderer.RenderMasked
	if secrets {
		render = a.Renderer.Render
	}
	doc, err := render(ctx, snapshot, rt, a.asFor(phone, rt.URI))
	if errors.Is(err, provision.ErrNotMasked) {
		return errStatic
	}
	if err != nil {
		return err
	}
	defer doc.Close()
	text, err := io.ReadAll(io.LimitReader(doc.Content, maxShownFile+1))
	if err != nil {
		return err
	}
	if len(text) > maxShownFile {
		return &apiError{http.StatusRequestEntityTooLarge, "the file is too large to be shown: fetch it as a phone does"}
	}
	h := w.Header()
	h.Set("Content-Type", shownAs(doc.MIME))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'") // it may be HTML with a script
	return answerText(w, r, http.StatusOK, text)
}

// maxShownFile bounds in bytes what is shown of a file: far more than any that is rendered, less than firmware.
const maxShownFile = 16 << 20

// shownAs is the type that a phone's file is shown with: a browser shows it, and runs nothing of it.
func shownAs(mime string) string {
	if kind, _, _ := strings.Cut(mime, ";"); strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "xml") || strings.HasSuffix(kind, "json") {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// asFor are the facts of a phone's last request for a file, else of its last request for any, else those of a phone that
// never asked.
func (a *api) asFor(phone ledger.Phone, name string) provision.Request {
	q := a.Request
	var latest *ledger.File
	for i, f := range phone.Files {
		switch {
		case f.RequestedAt == nil || f.Host == "":
		case f.Name == name:
			latest = &phone.Files[i]
		case latest == nil || latest.Name != name && latest.RequestedAt.Before(*f.RequestedAt):
			latest = &phone.Files[i]
		}
	}
	if latest != nil {
		q.Scheme, q.Host, q.Server, q.UserAgent = latest.Scheme, latest.Host, latest.Host, latest.UserAgent
		if host, _, err := net.SplitHostPort(latest.Host); err == nil {
			q.Server = host
		}
		q.Server = strings.Trim(q.Server, "[]")
	}
	q.Now = a.Now()
	return q
}
