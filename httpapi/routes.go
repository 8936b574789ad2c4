package httpapi

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/memo"
)

// Renderer makes the document of a route. Many goroutines call it at once. provision.ErrNotFound becomes 404,
// provision.ErrUnavailable 503, any other error 500.
type Renderer interface {
	Render(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)
}

// Options are what the handlers need.
type Options struct {
	Version  string           // of phoneprov, for Admin
	Prefix   string           // prefix of the phones' URLs: "/phoneprov"; empty: files are at the root
	Store    *provision.Store // holds the served snapshot
	Renderer Renderer         // for Phones
	Access   Access           // for Phones
	Uploads  Uploads          // for Phones
	Hosts    Hosts            // that Phones answers to
	Browsers bool             // Phones answers web browsers too, which a web page of any site may be behind
	Status   func() Status    // for Admin only; nil: no AMI to report on
	// AdminHosts are those that Admin answers to besides loopback's and the address of the connection.
	AdminHosts Hosts
	Admins     Admins    // for Admin
	Findings   *Findings // for Phones; nil: its own
	// Recorder receives each request of Phones. It may be nil.
	Recorder Recorder
	Now      func() time.Time // nil: time.Now
	Log      zerolog.Logger
}

type api struct {
	Options
	devices userAgentCache
	allow   string                              // header Allow for a phone's file
	over    string                              // the protocol, where it is not HTTP, see Door
	door    func(*http.Request, *client) string // returns why a request is refused whatever it asks for, or ""
	plain   sync.Once                           // see warnPlain
	proxy   sync.Once                           // see warnProxy
	uploads *uploadsInMemory
	volume  refusalLines

	failedWider *access.Budget // see checkLogin; nil if Access.Failed is nil
	failures    atomic.Int64   // counts failed logins
	// wasRight has the users whose credentials were right, by source.
	wasRight *memo.Memo[access.Source, struct{}]
	sessions *sessions // of admins; nil: there are none
}

// maxWasRight bounds wasRight, in bytes: 8,000 users.
const maxWasRight = 1 << 20

func newAPI(o Options) *api {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Findings == nil {
		o.Findings = NewFindings()
	}
	o.Access.Rules.Credentials = o.Access.Login != nil
	a := &api{Options: o, devices: newUserAgentCache(), wasRight: memo.New[access.Source, struct{}](maxWasRight, 0), allow: "GET, HEAD", uploads: newUploadsInMemory()}
	if o.Access.Failed != nil {
		a.failedWider = o.Access.Failed.Wider(failedWider)
	}
	return a
}

// Phones returns the handler for phones.
func Phones(o Options) http.Handler {
	a := newAPI(o)
	a.door = a.phoneHostRefusal
	r := a.router(zerolog.InfoLevel)
	r.NotFound(a.handle(zerolog.InfoLevel, func(_ http.ResponseWriter, _ *http.Request, e *entry) error {
		e.reason = reasonOutside
		return errNotFound
	}))
	r.MethodNotAllowed(a.handle(zerolog.InfoLevel, a.otherMethod))
	r.Get(a.Prefix+"/*", a.handle(zerolog.InfoLevel, a.phoneFile))
	r.Head(a.Prefix+"/*", a.handle(zerolog.InfoLevel, a.phoneFile))
	if a.Uploads.Mode != UploadsOff {
		a.allow += ", PUT, POST"
		r.Put(a.Prefix+"/*", a.handle(zerolog.InfoLevel, a.upload))
		r.Post(a.Prefix+"/*", a.handle(zerolog.InfoLevel, a.upload))
	}
	return &logging{Handler: r, api: a, level: zerolog.InfoLevel, strangers: true}
}

// Admin returns the handler of the admin address. Phones do not reach its listener.
func Admin(o Options) http.Handler {
	a := newAPI(o)
	a.Prefix, a.door, a.Recorder = "", a.adminHostRefusal, nil // probes are no requests of phones
	r := a.router(zerolog.DebugLevel)                          // because probes come every few seconds
	r.Get("/healthz", a.handle(zerolog.DebugLevel, a.healthz))
	r.Head("/healthz", a.handle(zerolog.DebugLevel, a.healthz))
	r.Get("/readyz", a.handle(zerolog.DebugLevel, a.admins(a.readyz)))
	r.Head("/readyz", a.handle(zerolog.DebugLevel, a.admins(a.readyz)))
	if a.Admins.Login != nil && a.Admins.SignIn != nil {
		a.sessions = newSessions()
		r.Get(signInPath, a.handle(zerolog.DebugLevel, a.signInPage))
		r.Head(signInPath, a.handle(zerolog.DebugLevel, a.signInPage))
		r.Post(signInPath, a.handle(zerolog.DebugLevel, a.signInByForm))
		r.Get(signOutPath, a.handle(zerolog.DebugLevel, a.noSignOut))
		r.Post(signOutPath, a.handle(zerolog.DebugLevel, a.signOut))
	}
	if a.Admins.Handler != nil {
		r.NotFound(a.handle(zerolog.DebugLevel, a.admins(a.adminAPI)))
	}
	return &logging{Handler: r, api: a, level: zerolog.DebugLevel}
}

// router returns a router without routes, which answers 404, and 405 for the wrong method of a route.
func (a *api) router(level zerolog.Level) *chi.Mux {
	r := chi.NewRouter()
	r.Use(a.asWritten)
	r.NotFound(a.handle(level, func(http.ResponseWriter, *http.Request, *entry) error { return errNotFound }))
	r.MethodNotAllowed(a.handle(level, func(http.ResponseWriter, *http.Request, *entry) error { return errMethod }))
	return r
}
