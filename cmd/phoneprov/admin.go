package main

import (
	"context"
	"net/http"
	"time"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	webpage "github.com/phoneprov/phoneprov/httpapi/page"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// openAdmin reads the files that say who may use the admin address, and collects the settings that it shows. serve does
// the rest.
func (v *service) openAdmin(s *settings) (err error) {
	v.options.Admins.Problem = admin.ProblemBody
	v.options.Admins.Failed = budget(s.failedLogins)
	if s.adminTokens != "" || s.adminPasswords != "" {
		if v.options.Admins.Login, err = httpauth.OpenAdmins(s.adminTokens, s.adminPasswords, v.adminsReloaded); err != nil {
			return err
		}
	}
	o := oneShot{settings: s}
	v.adminOptions = admin.Options{
		Ledger: v.ledger, Store: v.options.Store, Request: o.request("127.0.0.1"), Version: version(), Settings: shownSettings(s),
		Status: v.adminStatus, Problems: v.currentProblems, Reload: v.triggerAll, Confirm: v.confirm, Held: v.held, Metrics: v.metrics.Handler(),
	}
	if v.notifier != nil {
		v.adminOptions.Notify = v.tellByHand
	}
	return nil
}

func (v *service) adminsReloaded(err error) {
	if err != nil {
		v.log.Error().Err(err).Msg("who may use the admin address stays as it was")
		return
	}
	v.log.Info().Msg("read anew who may use the admin address")
}

// adminHandler returns the handler for admins: the API for programs, and the page for people. Its streams end with ctx.
func (v *service) adminHandler(ctx context.Context) (http.Handler, error) {
	o := v.adminOptions
	o.Ending = ctx.Done()
	o.Renderer, _ = v.renderer.(admin.Renderer)
	api := admin.NewAPI(o)
	site, err := webpage.New(api)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", api.Handler())
	mux.Handle("/metrics", api.Handler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		site.ServeHTTP(w, webpage.WithUser(r, httpapi.SignedIn(r)))
	})
	options := v.options
	options.Admins.Handler = mux
	options.Admins.SignIn = func(w http.ResponseWriter, r *http.Request, f httpapi.SignInForm) {
		site.SignIn(w, r, webpage.SignIn(f))
	}
	return httpapi.Admin(options), nil
}

// shownSettings returns the settings in force, without secrets.
func shownSettings(s *settings) (shown []admin.Setting) {
	for _, in := range s.inForce {
		shown = append(shown, admin.Setting{
			Section: in.section, Key: in.key, Value: in.value, Default: in.standard, Origin: in.origin, Secret: in.secret, Meaning: in.meaning,
		})
	}
	return shown
}

// recorder passes requests to the ledger and the metrics.
type recorder struct{ v *service }

// Served implements httpapi.Recorder.
func (r recorder) Served(a ledger.Answer) {
	profile := ""
	if a.Route != nil {
		profile = a.Route.Profile().Name
	}
	r.v.metrics.Request(profile, a.Status, a.Reason, a.Refused)
	r.v.ledger.Served(a)
}

// timedRenderer measures renderings for the metrics.
type timedRenderer struct {
	renderer
	v *service
}

// renderer renders files for phones and for admins.
type renderer interface {
	httpapi.Renderer
	admin.Renderer
}

// Render implements httpapi.Renderer.
func (t timedRenderer) Render(ctx context.Context, s *provision.Snapshot, rt *provision.Route, q provision.Request) (*provision.Document, error) {
	begun := time.Now()
	d, err := t.renderer.Render(ctx, s, rt, q)
	t.v.metrics.Rendered(rt.Profile().Name, time.Since(begun))
	return d, err
}
