package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// errStatic refuses a file that cannot be masked.
var errStatic error = &apiError{http.StatusForbidden,
	"this is a static file, in which a secret cannot be told from the rest: ask with ?secrets=true, which is logged"}

// file answers with the file that the phone would get now, rendered with the facts of its last request for it. Secrets
// are masked unless the parameter secrets is true.
func (a *API) file(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "secrets")
	if err != nil {
		return err
	}
	secrets, err := flag(values, "secrets")
	if err != nil {
		return err
	}
	text, mime, err := a.FileText(r.Context(), r.PathValue("mac"), r.PathValue("name"), secrets)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", shownAs(mime))
	h.Set("Content-Security-Policy", filePolicy)
	return answerText(w, r, http.StatusOK, text)
}

// FileText returns the file that the phone would get now, and its MIME type. Secrets are masked unless secrets is true.
func (a *API) FileText(ctx context.Context, mac, name string, secrets bool) (text []byte, mime string, err error) {
	phone, snapshot, rt, err := a.routeOf(mac, name)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, provision.RenderTimeout)
	defer cancel()
	render := a.Renderer.RenderMasked
	if secrets {
		render = a.Renderer.Render
	}
	doc, err := render(ctx, snapshot, rt, a.asFor(phone, rt.URI))
	if errors.Is(err, provision.ErrNotMasked) {
		return nil, "", errStatic
	}
	if err != nil {
		return nil, "", err
	}
	text, err = shownText(doc)
	return text, doc.MIME, err
}

// routeOf returns the phone of a MAC and the route of one of its files, with the snapshot that has the route.
func (a *API) routeOf(mac, name string) (phone ledger.Phone, s *provision.Snapshot, rt *provision.Route, err error) {
	phone, ok := a.Ledger.Phone(mac)
	if !ok {
		return phone, nil, nil, ErrNoPhone
	}
	if s = a.Store.Load(); s == nil {
		return phone, nil, nil, errNotRead
	}
	if rt = s.Lookup(name); rt == nil || rt.Owner != nil && rt.Owner != s.Phone(phone.ID) {
		return phone, s, nil, errNoFile
	}
	return phone, s, rt, nil
}

// shownText returns the text of a document, and closes it.
func shownText(doc *provision.Document) ([]byte, error) {
	defer doc.Close()
	text, err := io.ReadAll(io.LimitReader(doc.Content, maxShownFile+1))
	if err == nil && len(text) > maxShownFile {
		err = &apiError{http.StatusRequestEntityTooLarge, "the file is too large to be shown: fetch it as a phone does"}
	}
	return text, err
}

// filePolicy lets a browser show a file and nothing else. The file may be HTML with a script.
const filePolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// maxShownFile bounds a shown file in bytes: far more than any rendered file, less than firmware.
const maxShownFile = 16 << 20

// shownAs returns the Content-Type of a phone's file, so that a browser shows the file and runs no script in it.
func shownAs(mime string) string {
	if kind, _, _ := strings.Cut(mime, ";"); strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "xml") || strings.HasSuffix(kind, "json") {
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// asFor returns the facts of a phone's last request for a file. If the phone never asked for the file, they are those
// of its last request for any file, else Options.Request.
func (a *API) asFor(phone ledger.Phone, name string) provision.Request {
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
