package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

// diff answers with the unified diff of a file as the phone got it last against the file as it would get it now. It is
// empty if they are the same.
func (a *API) diff(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	text, err := a.DiffOf(r.Context(), r.PathValue("mac"), r.PathValue("name"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Security-Policy", filePolicy)
	return answerText(w, r, http.StatusOK, []byte(text))
}

// DiffOf returns the diff of a phone's file. No secret is in it; a secret that changed shows as changed.
func (a *API) DiffOf(ctx context.Context, mac, name string) (string, error) {
	phone, snapshot, rt, err := a.routeOf(mac, name)
	if err != nil {
		return "", err
	}
	if rt.Owner == nil || rt.Static() {
		return "", errShared
	}
	had, err := a.Ledger.LastFetched(phone.ID, rt.URI)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, provision.RenderTimeout)
	defer cancel()
	request := a.asFor(phone, rt.URI)
	var now filediff.File
	for _, side := range []struct {
		text   *string
		render func(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
	}{{&now.Text, a.Renderer.Render}, {&now.Masked, a.Renderer.RenderMasked}} {
		doc, err := side.render(ctx, snapshot, rt, request)
		if err != nil {
			return "", err
		}
		text, err := shownText(doc)
		if err != nil {
			return "", err
		}
		*side.text = string(text)
	}
	at := ""
	for _, f := range phone.Files {
		if f.Name == rt.URI && f.FetchedAt != nil {
			at = " at " + f.FetchedAt.Format(time.RFC3339)
		}
	}
	return filediff.UnifiedKept(rt.URI+"\tas the phone got it"+at, rt.URI+"\tas it would get it now", had.Kept, a.Ledger.Key().Keep(now)), nil
}

// errShared refuses a diff of a file that is not one phone's own.
var errShared error = &apiError{http.StatusNotFound, "phones share this file, or it is static: what a phone got of it is not kept"}
