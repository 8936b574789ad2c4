package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/provision"
)

// Whatever is wrong with a configuration and its templates, nothing but the files themselves tells a secret.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	env := laySecrets(t, nil)
	phones := []string{"0004f2000001", "0004f2000002", "0004f2000003", "0004f2000004", "0004f2000006", "0004f2000007", "0004f2000701", "0004f2000702"}
	command := func(args ...string) (stdout, stderr string) {
		var out, errs bytes.Buffer
		run(t.Context(), args, env, strings.NewReader(""), &out, &errs)
		return out.String(), errs.String()
	}
	tell := func(where, text string) {
		t.Helper()
		tellsNoSecret(t, where, text)
	}
	out, errs := command("check")
	tell("check", out+errs)
	if found := strings.Count(out, ": error: ") + strings.Count(out, ": warning: "); found < 30 {
		t.Errorf("check finds only %d faults:\n%s", found, out)
	}
	out, errs = command("routes")
	tell("routes", out+errs)
	told := 0
	for _, phone := range phones {
		out, errs = command("render", phone+".cfg")
		tell("render's stderr", errs)
		if strings.HasPrefix(out, "password=") {
			told++
		}
		_, errs = command("render", phone)
		tell("render's stderr", errs)
		out, errs = command("render", phone, "-explain")
		tell("render -explain of "+phone, out+errs)
	}
	if told < len(phones)-1 {
		t.Errorf("only %d phones of %d have a file", told, len(phones))
	}
	for _, file := range []string{"expr", "setvar", "asked", "evil", "missing"} {
		for _, phone := range phones {
			_, errs = command("render", phone+"-"+file+".cfg")
			tell("render's stderr", errs)
		}
	}
}

// serveSecrets runs the service for as long as ask does, and returns its log.
func serveSecrets(t *testing.T, env lookupEnv, ask func(*service)) string {
	t.Helper()
	s, err := loadSettings("", env)
	if err != nil {
		t.Fatal(err)
	}
	log := new(testkit.Log)
	v, err := newService(s, io.MultiWriter(log, secrets.Stream("the log of "+t.Name())))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.run(ctx, nil) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	testkit.WaitFor(t, v.synced)
	ask(v)
	return log.String()
}

// synced is nil once a synchronisation was done or failed.
func (v *service) synced() error {
	if v.options.Store.Load() == nil && v.status().LastError == "" {
		return errors.New("no synchronisation yet")
	}
	return nil
}

// ready is what /readyz says.
func (v *service) ready() string {
	w := httptest.NewRecorder()
	httpapi.Admin(v.options).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return w.Body.String()
}

// searchAPI searches the answers of the API and the metrics for secrets, including the masked files of all phones.
func (v *service) searchAPI(t *testing.T, s *provision.Snapshot) {
	t.Helper()
	h, err := v.adminHandler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
		tellsNoSecret(t, fmt.Sprint(path, " ", w.Code), fmt.Sprint(w.Header(), w.Body))
	}
	for _, name := range []string{"status", "phones", "strangers", "syncs", "problems", "settings", "requests", "day", "openapi.json"} {
		ask("/api/v1/" + name)
	}
	ask("/metrics")
	for _, p := range s.Phones() {
		ask("/api/v1/phones/" + url.PathEscape(p.ID))
		ask("/api/v1/phones/" + url.PathEscape(p.ID) + "/history")
		ask("/api/v1/phones/" + url.PathEscape(p.ID) + "/variables")
		for _, rt := range s.PhoneRoutes(p) {
			ask("/api/v1/phones/" + url.PathEscape(p.ID) + "/files/" + url.PathEscape(rt.URI))
			ask("/api/v1/phones/" + url.PathEscape(p.ID) + "/files/" + url.PathEscape(rt.URI) + "/diff")
		}
	}
}

func TestServedSecretsStaySecret(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"debug", "info", "warn", "error"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			env := laySecrets(t, nil)
			testServedSecrets(t, level, func(name string) (string, bool) {
				if name == "PHONEPROV_LOG_LEVEL" {
					return level, true
				}
				return env(name)
			})
		})
	}
}

func testServedSecrets(t *testing.T, level string, env lookupEnv) {
	t.Helper()
	statuses := map[int]int{}
	log := serveSecrets(t, env, func(v *service) {
		snapshot := v.options.Store.Load()
		if snapshot == nil {
			t.Fatalf("no snapshot: %+v", v.status())
		}
		for _, uri := range append(uris(snapshot), "nosuch.cfg") {
			answer, err := v.fetch(http.DefaultClient, "pbx.test", uri)
			if err != nil {
				t.Fatal(err)
			}
			statuses[answer.Status]++
			if answer.Status != 200 {
				tellsNoSecret(t, uri, answer.Body)
			}
		}
		tellsNoSecret(t, "/readyz", v.ready())
		v.searchAPI(t, snapshot)
	})
	tellsNoSecret(t, "the log", log)
	for _, status := range []int{200, 404, 500, 503} {
		if statuses[status] == 0 {
			t.Errorf("no file was answered %d: %v", status, statuses)
		}
	}
	if wanted := level != "error"; strings.Contains(log, `"diagnostic"`) != wanted {
		t.Errorf("a diagnostic in the log of level %s: want %v:\n%s", level, wanted, log)
	}
}

// A file that is not loaded tells no secret by its error.
func TestSecretsOfBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, text := range secretFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := laySecrets(t, map[string]string{"asterisk/users.conf": text})
			var out bytes.Buffer
			if code := run(t.Context(), []string{"check"}, env, strings.NewReader(""), &out, &out); code != exitFailed || !strings.Contains(out.String(), "users.conf:") {
				t.Errorf("check: exit code %d: %s", code, &out)
			}
			run(t.Context(), []string{"render", "0004f2000001"}, env, strings.NewReader(""), &out, &out)
			tellsNoSecret(t, "check", out.String())
			log := serveSecrets(t, env, func(v *service) { tellsNoSecret(t, "/readyz", v.ready()) })
			tellsNoSecret(t, "the log", log)
		})
	}
}
