package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/phoneprov/phoneprov/provision"
)

// renderTimeout ends a rendering that waits for Asterisk or computes without end. Asterisk itself is given 2 s for each
// call; a phone waits half a minute or more before it gives up.
const renderTimeout = 10 * time.Second

// phoneFile answers <prefix>/<file>, rendered for this request or static.
func (a *api) phoneFile(w http.ResponseWriter, r *http.Request, e *entry) error {
	name, ok := fileName(chi.URLParam(r, "*"))
	if !ok {
		return errNotFound
	}
	e.file = name
	snapshot := a.Store.Load()
	if snapshot == nil {
		return errNoSnapshot
	}
	route := snapshot.Lookup(name)
	if route == nil {
		return errNotFound
	}
	e.phone = route.Phone

	ctx, cancel := context.WithTimeout(r.Context(), renderTimeout)
	defer cancel()
	doc, err := a.Renderer.Render(ctx, snapshot, route, a.request(r))
	if err != nil {
		return err
	}
	defer doc.Close()
	e.diagnostics = doc.Diagnostics
	w.Header().Set("Content-Type", doc.MIME)
	if route.Static() {
		serveStatic(w, r, doc)
		return nil
	}
	// As Asterisk: whole and 200 whatever the request's Range and If-* headers say, since it is of this moment.
	w.Header().Set("Content-Length", strconv.FormatInt(doc.Size, 10))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, doc.Content)
	return err
}

// serveStatic sends a file or a range of it. No phone is ever told that its file did not change: conditions are not
// looked at, and there is neither Last-Modified nor ETag to make one from. A range under a condition is the whole file.
func serveStatic(w http.ResponseWriter, r *http.Request, doc *provision.Document) {
	plain := r.WithContext(r.Context()) // a copy: the log looks at the phone's own headers
	plain.Header = http.Header{}
	if ranges := r.Header.Values("Range"); len(ranges) > 0 && r.Header.Get("If-Range") == "" {
		plain.Header["Range"] = ranges
	}
	http.ServeContent(w, plain, "", time.Time{}, doc.Content)
}

// request is what a rendering knows of the phone's request.
func (a *api) request(r *http.Request) provision.Request {
	o := originOf(r)
	return provision.Request{
		Server: o.host, Now: a.Now(),
		Scheme: o.scheme, Host: o.urlHost(), Prefix: a.Prefix, UserAgent: r.UserAgent(),
	}
}
