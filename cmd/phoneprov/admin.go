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
		Status: v.adminStatus, Problems: v.currentProblems, Reload: v.sync.Trigger, Confirm: v.sync.Confirm, Held: v.sync.Held, Metrics: v.metrics.Handler(),
	}
	if v.notifier != nil {
		v.adminOptions.Notify = v.tellByHand
	}
	v.ami = s.amiAddress != ""
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

// adminStatus converts amisync's status to the API's.
func (v *service) adminStatus() admin.Status {
	s := v.sync.Status()
	out := admin.Status{
		AMI:       admin.AMI{Configured: v.ami, Connected: s.Connected, AsteriskVersion: s.AsteriskVersion},
		LastError: s.LastError, LastErrorAt: s.LastErrorAt, Restored: s.Restored, Warnings: v.status().Warnings,
	}
	if !s.Since.IsZero() {
		since := s.Since.UTC()
		out.AMI.Since = &since
	}
	if last := s.LastSync; !last.At.IsZero() {
		out.LastSync = &admin.Sync{At: last.At.UTC(), Trigger: last.Trigger, Added: last.Changes.Added, Removed: last.Changes.Removed, Changed: last.Changes.Changed}
	}
	return out
}

// currentProblems returns everything that is wrong now, from all sources.
func (v *service) currentProblems() []admin.Problem {
	var all []admin.Problem
	add := func(about string, d provision.Diagnostic) {
		all = append(all, admin.Problem{Severity: d.Severity.String(), Message: d.Message, File: d.Pos.File, Line: d.Pos.Line, About: about})
	}
	s := v.sync.Status()
	if s.LastError != "" {
		all = append(all, admin.Problem{Severity: provision.Error.String(), Message: s.LastError, About: "asterisk", Since: s.LastErrorAt.UTC()})
	}
	for _, text := range s.MissingRights {
		add("asterisk", provision.Diagnostic{Severity: provision.Warning, Message: text})
	}
	for _, d := range v.sync.Diagnostics() {
		add("configuration", d)
	}
	for _, d := range provision.UnknownProfiles(v.options.Store.Load(), v.profiles) {
		add("settings", d)
	}
	for _, d := range v.options.Findings.Current() {
		add("template", d)
	}
	if fault := v.ledger.Stats().StoreFault; fault != "" {
		add("ledger", provision.Diagnostic{Severity: provision.Warning, Message: "what is known of phones is kept in memory only: " + fault})
	}
	return v.problems.Track(all, time.Now())
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
