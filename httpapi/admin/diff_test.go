package admin

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The diff shows what the phone has against what it would get. No secret shows (site.ask looks), and one that changed
// shows as changed.
func TestDiff(t *testing.T) {
	t.Parallel()
	s := newSite(t, usersConf)
	name := alice + ".cfg"
	target := "/api/v1/phones/" + alice + "/files/" + name + "/diff"
	s.fetched(name, phoneAgent, 200, "")
	s.kept(name)
	if w := s.ask("GET", target, ""); w.Code != 200 || w.Body.Len() != 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("the same file: got %d %q", w.Code, w.Body)
	}
	s.sync(strings.Replace(usersConf, "secret = "+aliceSecret, "secret = "+bobSecret, 1))
	got := s.ask("GET", target, "").Body.String()
	if !strings.Contains(got, "\n-user 6001 pass <secret> md5 ") || !strings.Contains(got, "\n+user 6001 pass <secret> md5 ") || !strings.Contains(got, " <secret, changed>\n") ||
		!strings.HasPrefix(got, "--- "+name+"\tas the phone got it at 2") || !strings.Contains(got, "\n+++ "+name+"\tas it would get it now\n") {
		t.Errorf("a changed secret: got\n%s", got)
	}
	s.sync(strings.Replace(usersConf, "username = 6001", "username = 7001", 1))
	if got := s.ask("GET", target, "").Body.String(); !strings.Contains(got, "+user 7001 pass <secret> md5 ") {
		t.Errorf("another change: got\n%s", got)
	}
	s.fetched(name, phoneAgent, 200, "")
	s.kept(name)
	if w := s.ask("GET", target, ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("after the fetch: got %d %q", w.Code, w.Body)
	}
	for target, want := range map[string]string{
		"/api/v1/phones/" + nobody + "/files/x/diff":                    "no phone of that MAC",
		"/api/v1/phones/" + alice + "/files/" + bob + ".cfg/diff":       "no file of that name",
		"/api/v1/phones/" + alice + "/files/logo.bmp/diff":              "static",
		"/api/v1/phones/" + alice + "/files/" + alice + "-ask.cfg/diff": "never fetched",
	} {
		if w := s.ask("GET", target, ""); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s, want %q", target, w.Code, w.Body, want)
		}
	}
	s.fetched(alice+"-ask.cfg", phoneAgent, 200, "")
	if w := s.ask("GET", "/api/v1/phones/"+alice+"/files/"+alice+"-ask.cfg/diff", ""); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "answers of Asterisk") {
		t.Errorf("a file with answers: got %d %s", w.Code, w.Body)
	}
	s.fetched("sub/"+alice+" x.xml", phoneAgent, 200, "")
	s.kept("sub/" + alice + " x.xml")
	if w := s.ask("GET", "/api/v1/phones/00-04-F2-00-00-01/files/sub%2F"+alice+"%20x.xml/diff", ""); w.Code != 200 {
		t.Errorf("a name with a slash: got %d %s", w.Code, w.Body)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	s := newSite(t, usersConf)
	v := get[Variables](s, "/api/v1/phones/"+alice+"/variables")
	if len(v.Lines) != 1 || v.Lines[0].Section != "6001" || v.Lines[0].Number != "1" || v.File != alice+".cfg" || v.Error != "" {
		t.Fatalf("got %+v", v)
	}
	for _, want := range []Variable{
		{"DISPLAY_NAME", "Alice", false, "users.conf:4"}, {"USERNAME", "6001", false, "users.conf:3"}, {"SECRET", "<secret>", true, "users.conf:7"},
		{"ADMIN_PASSWORD", "<secret>", true, "phoneprov.conf:4 (setvar)"},
	} {
		if !slices.Contains(v.Lines[0].Items, want) {
			t.Errorf("%+v is not in %+v", want, v.Lines[0].Items)
		}
	}
	// The facts of the phone's last request count.
	s.fetched(alice+".cfg", phoneAgent, 200, "")
	v = get[Variables](s, "/api/v1/phones/"+alice+"/variables")
	if i := slices.IndexFunc(v.Lines[0].Items, func(v Variable) bool { return v.Name == "PP_MODEL" }); i < 0 || v.Lines[0].Items[i].Value != "T46S" {
		t.Errorf("PP_MODEL: got %+v", v.Lines[0].Items)
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	s := lively(t)
	day := get[list[struct {
		At                                  string
		Fetches, Refusals, Phones, UpToDate int      `json:"-"`
		F                                   int      `json:"fetches"`
		R                                   int      `json:"refusals"`
		P                                   int      `json:"phones"`
		U                                   int      `json:"up_to_date"`
		Share                               *float64 `json:"share"`
	}]](s, "/api/v1/day")
	fetches, refusals := 0, 0
	for _, p := range day.Items {
		fetches, refusals = fetches+p.F, refusals+p.R
	}
	if len(day.Items) != 96 || day.Total != 96 || fetches != 1 || refusals != 2 {
		t.Errorf("got %d parts, %d fetches, %d refusals", len(day.Items), fetches, refusals)
	}
}
