package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Ledger is what is known of phones. *ledger.Ledger is one.
type Ledger interface {
	Phones(ledger.Query) (ledger.Page, error)
	Phone(id string) (ledger.Phone, bool)
	History(id string) ([]ledger.Event, error)
	Counts() map[ledger.State]int
	Strangers() []ledger.Stranger
	Syncs() []ledger.Sync
	Requests() []ledger.Request
	Stats() ledger.Stats
	Subscribe(...ledger.Kind) (<-chan ledger.Update, func())
}

// Renderer makes files. *provision.Renderer is one.
type Renderer interface {
	Render(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
	RenderMasked(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
}

// Options are what the answers are made of. Ledger, Store and Renderer are required.
type Options struct {
	Ledger   Ledger
	Store    *provision.Store // what is served
	Renderer Renderer
	// Request is what a file is rendered for whose phone never asked; Now is set for each.
	Request  provision.Request
	Status   func() Status    // nil: nothing is known of Asterisk
	Problems func() []Problem // nil: there are none
	Settings []Setting        // in force
	Reload   func(reason string)
	// Held is the sync that was not applied; nil: none is held. Confirm applies it: see ErrNothingHeld.
	Held    func() *Held
	Confirm func(ctx context.Context, id, by string) (Held, error)
	Notify  NotifyFunc      // tells phones; nil: there is no Asterisk
	Metrics http.Handler    // nil: there are none
	Ending  <-chan struct{} // closed when streams are to end; nil: with their requests only
	Now     func() time.Time
	Version string // of phoneprov
}

// route is one path and what answers it by method. GET answers HEAD too.
type route struct {
	path    string
	methods map[string]handler
}

type handler func(http.ResponseWriter, *http.Request) error

type api struct {
	Options
	streams chan struct{} // one for each stream of events
}

// routes is the table of all paths.
func (a *api) routes() []route {
	get := func(path string, h handler) route { return route{path, map[string]handler{http.MethodGet: h}} }
	post := func(path string, h handler) route { return route{path, map[string]handler{http.MethodPost: h}} }
	return []route{
		get("/api/v1/status", a.status),
		get("/api/v1/phones", a.phones),
		get("/api/v1/phones/{mac}", a.phone),
		get("/api/v1/phones/{mac}/files/{name...}", a.file),
		get("/api/v1/phones/{mac}/history", a.history),
		get("/api/v1/strangers", a.strangers),
		get("/api/v1/syncs", a.syncs),
		get("/api/v1/problems", a.problems),
		get("/api/v1/settings", a.settings),
		get("/api/v1/requests", a.requests),
		get("/api/v1/events", a.events),
		post("/api/v1/reload", a.reload),
		post("/api/v1/confirm", a.confirm),
		post(NotifyPath, a.notify),
		post(NotifyPhonePath, a.notify),
		get("/api/v1/openapi.json", a.openAPI),
		get("/metrics", a.metrics),
	}
}

// New makes the handler.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &api{Options: o, streams: make(chan struct{}, maxStreams)}
	mux := http.NewServeMux()
	for _, rt := range a.routes() {
		mux.HandleFunc(rt.path, rt.serve)
	}
	mux.HandleFunc("/", handler(func(http.ResponseWriter, *http.Request) error { return errNoPath }).serve)
	return mux
}

// serve answers by method.
func (rt route) serve(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h := rt.methods[method]
	if h == nil {
		var allowed []string
		for method := range rt.methods {
			if allowed = append(allowed, method); method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		h = func(http.ResponseWriter, *http.Request) error { return errMethod }
	}
	h.serve(w, r)
}
