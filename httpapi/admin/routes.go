package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Ledger is the source of everything about phones. *ledger.Ledger is one.
type Ledger interface {
	Phones(ledger.Query) (ledger.Page, error)
	Phone(id string) (ledger.Phone, bool)
	History(id string) ([]ledger.Event, error)
	Counts() map[ledger.State]int
	Strangers() []ledger.Stranger
	Syncs() []ledger.Sync
	Requests() []ledger.Request
	Uses() []ledger.Use
	Stats() ledger.Stats
	Day() []ledger.DayPart
	LastFetched(id, file string) (ledger.Text, error)
	Key() filediff.Key
	Subscribe(...ledger.Kind) (<-chan ledger.Update, func())
}

// Renderer renders files. *provision.Renderer is one.
type Renderer interface {
	Render(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
	RenderMasked(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
	Explain(context.Context, *provision.Snapshot, *provision.Route, provision.Request) provision.Explanation
}

// Options are the sources of the answers. Ledger, Store and Renderer are required.
type Options struct {
	Ledger   Ledger
	Store    *provision.Store // the snapshot that is served
	Renderer Renderer
	// Request renders a file of a phone that never asked. Its Now is set for each rendering.
	Request  provision.Request
	Status   func() Status    // nil: nothing is known of Asterisk
	Problems func() []Problem // nil: there are none
	Settings []Setting        // the settings in force
	Reload   func(reason string)
	// Held returns the syncs that were not applied, at most one of each Asterisk. Confirm applies all, or that of an ID;
	// its errors are provision.ErrNothingHeld and provision.ErrOtherHeld.
	Held    func() []provision.Held
	Confirm func(id, by string) ([]provision.Held, error)
	Notify  NotifyFunc      // tells phones; nil: there is no Asterisk
	Metrics http.Handler    // nil: there are none
	Ending  <-chan struct{} // closed when streams must end; nil: a stream ends only with its request
	Now     func() time.Time
	Version string // version of phoneprov
	Demo    bool   // the page says that phones are simulated
}

// route is a path with its handler for each method. GET also answers HEAD.
type route struct {
	path    string
	methods map[string]handler
}

type handler func(http.ResponseWriter, *http.Request) error

// API answers the API's questions to programs (Handler) and to the page.
type API struct {
	Options
	streams chan struct{} // one token for each open stream of events
}

// routes returns the table of all paths.
func (a *API) routes() []route {
	get := func(path string, h handler) route { return route{path, map[string]handler{http.MethodGet: h}} }
	post := func(path string, h handler) route { return route{path, map[string]handler{http.MethodPost: h}} }
	return []route{
		get("/api/v1/status", a.status),
		get("/api/v1/phones", a.phones),
		get("/api/v1/phones/{mac}", a.phone),
		get("/api/v1/phones/{mac}/files/{name...}", a.file),
		get("/api/v1/phones/{mac}/files/{name}/diff", a.diff),
		get("/api/v1/phones/{mac}/variables", a.variables),
		get("/api/v1/phones/{mac}/history", a.history),
		get("/api/v1/day", a.day),
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

// NewAPI returns the API.
func NewAPI(o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{Options: o, streams: make(chan struct{}, maxStreams)}
}

// Handler returns the handler of the API's paths.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range a.routes() {
		mux.HandleFunc(rt.path, rt.serve)
	}
	mux.HandleFunc("/", handler(func(http.ResponseWriter, *http.Request) error { return errNoPath }).serve)
	return mux
}

// serve calls the handler of the request's method.
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
