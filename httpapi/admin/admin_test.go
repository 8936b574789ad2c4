package admin

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Scripts depend on the JSON names of a page, its phones, lines and files.
func TestNamesOfPhones(t *testing.T) {
	t.Parallel()
	s := lively(t)
	page := get[map[string]any](s, "/api/v1/phones")
	want := func(what string, of any, names ...string) map[string]any {
		t.Helper()
		object, _ := of.(map[string]any)
		for _, name := range names {
			if _, ok := object[name]; !ok {
				t.Errorf("%s has no %q: %v", what, name, of)
			}
		}
		return object
	}
	first := func(of any) any {
		list, _ := of.([]any)
		if len(list) == 0 {
			t.Fatalf("an empty list in %v", page)
		}
		return list[0]
	}
	want("a page", page, "items", "next", "total", "counts")
	phone := want("a phone", first(page["items"]), "mac", "id", "profile", "state", "since", "reason", "vendor", "model", "firmware", "address", "last_fetch", "lines", "files")
	want("a line", first(phone["lines"]), "name", "display_name", "registered", "contact")
	want("a file", first(phone["files"]), "name", "state", "wanted_etag", "fetched_etag", "fetched_at", "status")
	want("counts", page["counts"], "never_fetched", "up_to_date", "change_waiting", "told", "no_reaction", "refused", "failing", "unknown")
	if phone["mac"] != alice || phone["state"] != "up_to_date" || phone["vendor"] != "Yealink" || phone["address"] != "192.0.2.7" {
		t.Errorf("got %v", phone)
	}
}

// Filters, order and pages. The total does not depend on the page.
func TestPhonesAreFound(t *testing.T) {
	t.Parallel()
	s := lively(t)
	for target, want := range map[string][]string{
		"?sort=id":                           {alice, bob, carol},
		"?sort=-id":                          {carol, bob, alice},
		"?sort=state":                        {bob, carol, alice},
		"?state=refused":                     {bob},
		"?state=refused,never_fetched":       {bob, carol},
		"?state=refused&state=never_fetched": {bob, carol},
		"?state=failing":                     {},
		"?profile=p&vendor=yealink":          {alice, bob}, // the client that asked for bob's file has this User-Agent
		"?profile=q":                         {},
		"?q=00:04:F2:00:00:02":               {bob},
		"?q=carol":                           {carol},
		"?q=192.0.2.7":                       {alice},
		"?q=%3Cb%3E":                         {bob},
	} {
		for _, limit := range []string{"", "1", "2"} {
			var got []string
			cursor := ""
			for pages := 0; ; pages++ {
				page := get[ledger.Page](s, "/api/v1/phones"+strings.Trim(target+"&limit="+limit+"&cursor="+cursor, "&"))
				if page.Total != len(want) || len(page.Counts) != len(ledger.States()) {
					t.Errorf("%s: got a total of %d, want %d; counts %v", target, page.Total, len(want), page.Counts)
				}
				for _, p := range page.Items {
					got = append(got, p.ID)
				}
				if cursor = page.Next; cursor == "" || pages > 5 {
					break
				}
			}
			if !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Errorf("%s, %s a page: got %q, want %q", target, limit, got, want)
			}
		}
	}
	if w := s.ask("GET", "/api/v1/phones?stat=refused", ""); w.Code != 400 || !strings.Contains(w.Body.String(), `is \"state\" meant?`) {
		t.Errorf("a misspelt filter: got %d %s", w.Code, w.Body)
	}
}

// A file is rendered with the facts of the phone's own last request. Its secrets are masked, and no browser runs it.
func TestFile(t *testing.T) {
	t.Parallel()
	s := lively(t)
	get := func(mac, name string) *httptest.ResponseRecorder {
		return s.ask("GET", "/api/v1/phones/"+mac+"/files/"+name, "")
	}
	w := get(alice, alice+".cfg")
	want := fmt.Sprintf("user 6001 pass <secret> md5 %x admin <secret> at http://pbx.test:8080/phoneprov pbx.test T46S\n", md5.Sum([]byte("<secret>")))
	if got := w.Body.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if w := get(carol, carol+".cfg"); !strings.HasSuffix(w.Body.String(), " at http://127.0.0.1:8080/phoneprov 127.0.0.1 \n") {
		t.Errorf("of a phone that never asked: got %q", w.Body)
	}
	if got, want := get(bob, "sub%2F"+bob+"%20x.xml").Body.String(), "<p><u>6002</u><s>&lt;secret&gt;</s></p>"; got != want {
		t.Errorf("XML: got %q, want %q", got, want)
	}
	if got := get(alice, alice+"-ask.cfg").Body.String(); got != "<secret>\n" {
		t.Errorf("an answer of Asterisk: got %q", got)
	}
	if h := get(alice, alice+".cfg").Header(); h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Content-Security-Policy") != "sandbox; default-src 'none'; frame-ancestors 'none'" {
		t.Errorf("got %v", h)
	}
	shown := s.ask("GET", "/api/v1/phones/"+alice+"/files/"+alice+".cfg?secrets=true", "")
	if got := shown.Body.String(); shown.Code != 200 || !strings.Contains(got, " pass "+aliceSecret+" md5 ") || !strings.Contains(got, " admin "+adminSecret) {
		t.Errorf("with secrets: got %d", shown.Code)
	}
	if w := s.ask("GET", "/api/v1/phones/"+alice+"/files/logo.bmp?secrets=true", ""); w.Code != 200 || w.Body.String() != "BM" {
		t.Errorf("static: got %d %s", w.Code, w.Body)
	}
	if w := get(alice, bob+".cfg"); w.Code != 404 {
		t.Errorf("another phone's: got %d", w.Code)
	}
}

// ETag, If-None-Match, HEAD, methods and errors of every path that answers GET.
func TestHTTP(t *testing.T) {
	t.Parallel()
	s := lively(t)
	a := &API{Options: s.Options}
	for _, rt := range a.routes() {
		path := strings.NewReplacer("{mac}", alice, "{name...}", alice+".cfg", "{name}", alice+".cfg").Replace(rt.path)
		changes := path == "/api/v1/status" || path == "/api/v1/problems" || path == "/api/v1/day" // with the time
		wrong := "DELETE"
		if w := s.ask(wrong, path, ""); w.Code != 405 || w.Header().Get("Allow") == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: got %d %v", wrong, path, w.Code, w.Header())
		}
		if w := s.ask("GET", path+"?nonsense=1", ""); rt.methods["GET"] != nil && path != "/metrics" && path != "/api/v1/openapi.json" && w.Code != 400 {
			t.Errorf("%s?nonsense=1: got %d", path, w.Code)
		}
		if rt.methods["GET"] == nil || path == "/metrics" || path == "/api/v1/events" {
			continue
		}
		whole, head := s.ask("GET", path, ""), s.ask("HEAD", path, "")
		tag := whole.Header().Get("ETag")
		if whole.Code != 200 || tag == "" || head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("ETag") != tag && !changes ||
			whole.Header().Get("Content-Length") != fmt.Sprint(whole.Body.Len()) {
			t.Errorf("%s: got %d %v, HEAD %d %v", path, whole.Code, whole.Header(), head.Code, head.Header())
		}
		if changes {
			continue
		}
		for _, header := range []string{tag, `"x", W/` + tag, "*"} {
			if w := s.ask("GET", path, "", "If-None-Match", header); w.Code != 304 || w.Body.Len() > 0 {
				t.Errorf("%s: If-None-Match %s: got %d", path, header, w.Code)
			}
		}
		if w := s.ask("GET", path, "", "If-None-Match", `"x"`); w.Code != 200 {
			t.Errorf("%s: another tag: got %d", path, w.Code)
		}
	}
	w := s.ask("GET", "/api/v1/nothing", "")
	var got problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 404 || got.Status != 404 || got.Title != "Not Found" || got.Detail == "" {
		t.Errorf("got %d %s, %v", w.Code, w.Body, err)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	s := lively(t)
	if w := s.ask("POST", "/api/v1/reload", ""); w.Code != 202 || !slices.Equal(s.reloads, []string{"API"}) {
		t.Errorf("got %d, reloads %q", w.Code, s.reloads)
	}
	if held := get[Summary](s, "/api/v1/status").Held; held == nil || held.ID != "h1" {
		t.Errorf("got %+v", held)
	}
	if w := s.ask("POST", "/api/v1/confirm", `{"held":"h0"}`); w.Code != 409 || s.held == nil {
		t.Errorf("another one: got %d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/api/v1/confirm", ""); w.Code != 200 || s.held != nil || !strings.Contains(w.Body.String(), `"applied":{"id":"h1"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if held := get[Summary](s, "/api/v1/status").Held; held != nil {
		t.Errorf("got %+v", held)
	}
}

// The stream sends each event with its name, in the form of the lists. It ends with the service.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := lively(t)
	ending := make(chan struct{})
	s.Ending = ending
	server := httptest.NewServer(NewAPI(s.Options).Handler())
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/events?what=event,request&what=sync", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("got %q", got)
	}
	in := bufio.NewScanner(resp.Body)
	in.Scan() // the stream is open
	s.sync(strings.ReplaceAll(usersConf, aliceSecret, aliceSecret+"-new"))
	s.fetched(carol+".cfg", phoneAgent, 200, "")
	var names []string
	for in.Scan() && !(slices.Contains(names, "sync") && slices.Contains(names, "request") && slices.Contains(names, "event")) {
		if name, ok := strings.CutPrefix(in.Text(), "event: "); ok {
			names = append(names, name)
		}
		if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
			secrets.Text("the stream of events", data)
			var value map[string]any
			if err := json.Unmarshal([]byte(data), &value); err != nil || value["at"] == nil {
				t.Errorf("got %q, %v", data, err)
			}
		}
	}
	close(ending)
	for in.Scan() { // to the end of the stream
	}
	if err := in.Err(); err != nil {
		t.Errorf("the end: %v", err)
	}
}

// The number of streams is bounded, and a stream that ends makes room.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, usersConf)
	h := NewAPI(s.Options).Handler()
	var cancels []context.CancelFunc
	done := make(chan struct{})
	open := func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancels = append(cancels, cancel)
		begun := make(chan struct{})
		w := &startedWriter{ResponseRecorder: httptest.NewRecorder(), started: begun}
		go func() {
			h.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/events", nil).WithContext(ctx))
			done <- struct{}{}
		}()
		<-begun
	}
	for range maxStreams {
		open()
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/events", nil)); w.Code != 503 {
		t.Errorf("got %d", w.Code)
	}
	cancels[0]()
	<-done
	open()
	for _, cancel := range cancels[1:] {
		cancel()
		<-done
	}
}

// startedWriter reports when the header is written.
type startedWriter struct {
	*httptest.ResponseRecorder
	started chan struct{}
}

func (w *startedWriter) WriteHeader(status int) {
	w.ResponseRecorder.WriteHeader(status)
	close(w.started)
}

// Whatever a client or the configuration calls itself, every answer is JSON with the exact name and without an HTML
// tag.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "\u202egnp.exe", "a\u0000b", "\x1b[2J\x1b[31m", `\u003c`, "é\xff\xfe", "' OR 1=1 --",
		"=cmd|' /C calc'!A0", strings.Repeat("long", 1024), "${SECRET}", "%s%n", "\u2028",
	} {
		t.Run(fmt.Sprintf("%.12q", name), func(t *testing.T) {
			t.Parallel()
			inConfig := strings.NewReplacer("\x00", "", ";", `\;`).Replace(name)
			s := newSite(t, strings.ReplaceAll(usersConf, "Alice", inConfig))
			s.fetched(alice+".cfg", name, 200, "")
			s.fetched(nobody+name, name, 404, name)
			s.Problems = func() []Problem { return []Problem{{Severity: "error", Message: name, File: name, About: "template"}} }
			s.Settings = []Setting{{Section: name, Key: name, Value: name, Origin: name}}
			s.Status = func() Status { return Status{LastError: name, Warnings: []string{name}} }
			s.held = &provision.Held{ID: name, Reason: name, Phones: []string{name}}
			for _, path := range []string{"status", "phones", "phones/" + alice, "phones/" + alice + "/history", "strangers", "syncs", "problems", "settings", "requests",
				"phones?q=" + strings.Repeat("x", 5000), "phones?sort=%3Cscript%3E", "phones/%3Cscript%3E", "phones/%00/files/%2e%2e%2f%2e%2e%2fetc%2fpasswd"} {
				w := s.ask("GET", "/api/v1/"+path, "")
				text := w.Body.String()
				if !json.Valid([]byte(text)) || strings.ContainsAny(text, "<>\x1b\x00") || w.Code >= 500 {
					t.Errorf("%s: got %d %.300q", path, w.Code, text)
				}
			}
			if got := get[Summary](s, "/api/v1/status").LastError; got != string([]rune(name)) {
				t.Errorf("got %q, want %q", got, name)
			}
		})
	}
}

// A problem that persists keeps its Since, a new one comes first, and one that ended is forgotten.
func TestTracker(t *testing.T) {
	var tracker Tracker
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	one, other := Problem{Message: "one"}, Problem{Message: "other"}
	tracker.Track([]Problem{one, one}, at)
	got := tracker.Track([]Problem{one, other}, at.Add(time.Hour))
	if len(got) != 2 || got[0].Message != "other" || !got[0].Since.Equal(at.Add(time.Hour)) || !got[1].Since.Equal(at) {
		t.Errorf("got %+v", got)
	}
	tracker.Track(nil, at.Add(2*time.Hour))
	if got := tracker.Track([]Problem{one}, at.Add(3*time.Hour)); !got[0].Since.Equal(at.Add(3 * time.Hour)) {
		t.Errorf("got %+v", got)
	}
}
