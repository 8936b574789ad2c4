package httpapi

import (
	"context"
	"net/http"
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
	doc, err := a.Renderer.Render(ctx, snapshot, route, provision.Request{Server: serverAddress(r), Now: a.Now()})
	if err != nil {
		return err
	}
	defer doc.Close()
	e.diagnostics = doc.Diagnostics
	send(w, r, doc, route.Static())
	return nil
}

// send answers with a document, or where the request asks for that with 304 or 412 by its entity tag, and of a static
// file with a range. There is no Last-Modified: a file of this moment has no other time, and no phone asks by it.
func send(w http.ResponseWriter, r *http.Request, doc *provision.Document, static bool) {
	asked := r.WithContext(r.Context()) // a copy: the log looks at the phone's own headers
	asked.Header = http.Header{}
	for _, name := range conditions {
		asked.Header[name] = r.Header[name]
	}
	if !static { // as Asterisk: whole
		asked.Header.Del("Range")
	}
	w.Header().Set("Content-Type", doc.MIME)
	if doc.ETag != "" {
		w.Header().Set("ETag", doc.ETag)
	}
	http.ServeContent(w, asked, "", time.Time{}, doc.Content)
}

// conditions are the headers that an answer may depend on.
var conditions = [...]string{"Range", "If-Range", "If-Match", "If-None-Match"}
