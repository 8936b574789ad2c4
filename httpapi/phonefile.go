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
	w.Header().Set("Content-Type", doc.MIME)
	// The zero time: without Last-Modified no phone is ever told that its file did not change.
	http.ServeContent(w, r, "", time.Time{}, doc.Content)
	return nil
}
