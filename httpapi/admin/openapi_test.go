package admin

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// calls has at least one request for each path, and one for each error. The bodies are for actions.
var calls = []struct {
	method, target, body string
	want                 int
}{
	{"GET", "/api/v1/status", "", 200},
	{"GET", "/api/v1/phones", "", 200},
	{"GET", "/api/v1/phones?state=up_to_date&state=refused&state=never_fetched&sort=-since&limit=2", "", 200},
	{"GET", "/api/v1/phones?profile=p&vendor=yealink&q=00:04:F2:00:00:01", "", 200},
	{"GET", "/api/v1/phones?state=well", "", 400},
	{"GET", "/api/v1/phones?sort=colour", "", 400},
	{"GET", "/api/v1/phones?limit=0", "", 400},
	{"GET", "/api/v1/phones?cursor=*", "", 400},
	{"GET", "/api/v1/phones/" + alice, "", 200},
	{"GET", "/api/v1/phones/00:04:F2:00:00:02", "", 200},
	{"GET", "/api/v1/phones/" + nobody, "", 404},
	{"GET", "/api/v1/phones/" + alice + "/files/" + alice + ".cfg", "", 200},
	{"GET", "/api/v1/phones/" + alice + "/files/sub%2F" + alice + "%20x.xml", "", 200},
	{"GET", "/api/v1/phones/" + alice + "/files/" + alice + "-ask.cfg", "", 200},
	{"GET", "/api/v1/phones/" + alice + "/files/" + alice + ".cfg?secrets=true", "", 200},
	{"GET", "/api/v1/phones/" + alice + "/files/" + bob + ".cfg", "", 404},
	{"GET", "/api/v1/phones/" + alice + "/files/logo.bmp", "", 403},
	{"GET", "/api/v1/phones/" + nobody + "/files/x", "", 404},
	{"GET", "/api/v1/phones/" + alice + "/history", "", 200},
	{"GET", "/api/v1/phones/" + alice + "/history?limit=1", "", 200},
	{"GET", "/api/v1/phones/" + nobody + "/history", "", 404},
	{"GET", "/api/v1/phones/" + alice + "/files/" + alice + ".cfg/diff", "", 200},
	{"GET", "/api/v1/phones/" + alice + "/files/sub%2F" + alice + "%20x.xml/diff", "", 404},
	{"GET", "/api/v1/phones/" + alice + "/files/logo.bmp/diff", "", 404},
	{"GET", "/api/v1/phones/" + bob + "/files/" + bob + ".cfg/diff", "", 404},
	{"GET", "/api/v1/phones/" + alice + "/files/" + alice + ".cfg/diff?secrets=true", "", 400},
	{"GET", "/api/v1/phones/" + alice + "/variables", "", 200},
	{"GET", "/api/v1/phones/" + nobody + "/variables", "", 404},
	{"GET", "/api/v1/day", "", 200},
	{"GET", "/api/v1/strangers", "", 200},
	{"GET", "/api/v1/syncs", "", 200},
	{"GET", "/api/v1/problems", "", 200},
	{"GET", "/api/v1/settings", "", 200},
	{"GET", "/api/v1/requests?refused=true&q=cfg&limit=5", "", 200},
	{"GET", "/api/v1/requests?refused=perhaps", "", 400},
	{"GET", "/api/v1/events?what=weather", "", 400},
	{"POST", "/api/v1/reload", "", 202},
	{"POST", "/api/v1/confirm", `{"held":"other"}`, 409},
	{"POST", "/api/v1/confirm", `{"held":"h1"}`, 200},
	{"POST", "/api/v1/confirm", "", 409},
	{"POST", "/api/v1/confirm", `{"holds":"h1"}`, 400},
	{"POST", "/api/v1/notify", `{"phones":["` + alice + `"]}`, 202},
	{"POST", "/api/v1/notify", `{"all":true,"dry_run":true}`, 200},
	{"POST", "/api/v1/notify", `{"phone":"x"}`, 400},
	{"POST", "/api/v1/notify", `{"phones":["` + nobody + `"]}`, 404},
	{"POST", "/api/v1/notify", `{"confirm":true}`, 409},
	{"POST", "/api/v1/phones/" + alice + "/notify", "", 202},
	{"POST", "/api/v1/phones/" + alice + "/notify", `{"dry_run":true}`, 200},
	{"POST", "/api/v1/phones/" + alice + "/notify", `{"all":true}`, 400},
	{"POST", "/api/v1/phones/" + nobody + "/notify", "", 404},
	{"POST", "/api/v1/phones/" + alice + "/notify", `{"confirm":true}`, 409},
	{"GET", "/api/v1/openapi.json", "", 200},
	{"GET", "/metrics", "", 200},
}

// Every answer matches openapi.json, without additional fields. Every path and status of openapi.json that this package
// can return occurs.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	document, err := libopenapi.NewDocument(description)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if errs != nil {
		t.Fatal(errs)
	}
	if ok, errs := v.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("the document: %s: %s", e.Message, e.Reason)
		}
	}
	s, seen := lively(t), map[string]bool{}
	s.callAll(t, v, seen)
	several := lively(t)
	several.several()
	several.callAll(t, v, seen)
	var paths struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(description, &paths); err != nil {
		t.Fatal(err)
	}
	a := &API{Options: s.Options}
	for _, rt := range a.routes() {
		path := strings.ReplaceAll(rt.path, "...}", "}")
		if paths.Paths[path] == nil {
			t.Errorf("openapi.json has no path %s", path)
		}
		for method := range rt.methods {
			if paths.Paths[path][strings.ToLower(method)] == nil {
				t.Errorf("openapi.json has no %s of %s", method, path)
			}
		}
	}
	if got, want := len(paths.Paths), len(a.routes()); got != want {
		t.Errorf("openapi.json has %d paths, want %d", got, want)
	}
}

// callAll makes each call, and validates its request and its answer.
func (s *site) callAll(t *testing.T, v validator.Validator, seen map[string]bool) {
	for _, c := range calls {
		w := s.ask(c.method, c.target, c.body)
		if w.Code != c.want {
			t.Errorf("%s %s: got %d, want %d: %s", c.method, c.target, w.Code, c.want, w.Body)
			continue
		}
		r := httptest.NewRequest(c.method, "http://127.0.0.1:8081"+c.target, strings.NewReader(c.body))
		if c.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if c.want < 400 {
			if ok, errs := v.ValidateHttpRequest(r); !ok {
				for _, e := range errs {
					t.Errorf("%s %s: the request: %s: %s", c.method, c.target, e.Message, e.Reason)
				}
			}
		}
		response := w.Result()
		text := w.Body.Bytes()
		if strings.HasPrefix(response.Header.Get("Content-Type"), "text/") { // the validator reads every body as JSON
			text, _ = json.Marshal(string(text))
		}
		response.Body = io.NopCloser(bytes.NewReader(text))
		if ok, errs := v.ValidateHttpResponse(r, response); !ok {
			for _, e := range errs {
				t.Errorf("%s %s: %d: %s: %s\n%s", c.method, c.target, w.Code, e.Message, e.Reason, w.Body)
				for _, sub := range e.SchemaValidationErrors {
					t.Errorf("  %s: %s", sub.FieldPath, sub.Reason)
				}
			}
		}
		path, _, _ := strings.Cut(c.target, "?")
		seen[path] = true
	}
}

// several makes the site's phones those of two Asterisks, of which the second holds a change.
func (s *site) several() {
	conf := func(users string) map[string]string {
		return map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": users}
	}
	next, _ := provision.Join([]provision.Part{testsite.PartOf(s, "east", conf(usersConf)),
		testsite.PartOf(s, "west", conf("[6001]\nautoprov = yes\nmacaddress = 0004f2000042\n"))})
	s.Store.Swap(next)
	s.ledger.Synced(ledger.Sync{At: time.Now(), PBX: "west", Trigger: "test"})
	s.settle()
	s.held.PBX = "west"
	one := s.Status()
	s.Status = func() Status {
		of := one
		of.PBXs = []PBX{{Name: "east", Read: true, Phones: 3, AMI: one.AMI, LastSync: one.LastSync},
			{Name: "west", Read: true, Phones: 1, LastError: one.LastError, LastErrorAt: known(one.LastErrorAt), Restored: known(time.Now()), Held: s.held}}
		return of
	}
	problems := s.Problems()
	problems[0].PBX = "west"
	s.Problems = func() []Problem { return problems }
}

// Where there are several Asterisks, the answers say of which something is.
func TestAnswersOfSeveral(t *testing.T) {
	t.Parallel()
	s := lively(t)
	s.several()
	if p := get[ledger.Phone](s, "/api/v1/phones/"+alice); p.PBX != "east" {
		t.Errorf("got %+v", p)
	}
	if page := get[ledger.Page](s, "/api/v1/phones?pbx=west"); page.Total != 1 || page.Items[0].ID != "0004f2000042" || page.Items[0].PBX != "west" {
		t.Errorf("got %+v", page.Items)
	}
	if sync := get[list[ledger.Sync]](s, "/api/v1/syncs").Items[0]; sync.PBX != "west" {
		t.Errorf("got %+v", sync)
	}
	w := s.ask("POST", "/api/v1/confirm", "")
	if body := w.Body.String(); w.Code != 200 || strings.Count(body, `"pbx":"west"`) != 2 || !strings.Contains(body, `"all":[`) {
		t.Errorf("got %d %s", w.Code, body)
	}
}

// The validator, as it is used here, finds a missing field and one that is not in the document.
func TestOpenAPIFindsDrift(t *testing.T) {
	t.Parallel()
	document, err := libopenapi.NewDocument(description)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if errs != nil {
		t.Fatal(errs)
	}
	for name, body := range map[string]string{
		"another field": `{"items":[],"total":0,"colour":"red"}`, "a field is missing": `{"items":[]}`, "another type": `{"items":{},"total":0}`,
	} {
		r := httptest.NewRequest("GET", "/api/v1/strangers", nil)
		w := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		if ok, _ := v.ValidateHttpResponse(r, w); ok {
			t.Errorf("%s: was not found", name)
		}
	}
}
