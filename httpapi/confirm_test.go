package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A change that is held is confirmed from this machine, by its ID or whichever it is, and by no web page.
func TestConfirm(t *testing.T) {
	held := Held{ID: "17-a", Since: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), Trigger: "reload", Reason: "why", Before: 20, After: 3, Lost: 17, Phones: []string{"0004f2000001"}}
	const applied = `{"applied":{"id":"17-a","since":"2026-11-28T09:00:00Z","trigger":"reload","reason":"why","before":20,"after":3,"lost":17,"phones":["0004f2000001"]}}` + "\n"
	tests := []struct {
		name, remote, body string
		header             http.Header
		err                error
		status             int
		want, asked        string
	}{
		{"whichever", "127.0.0.1:1", "", nil, nil, 200, applied, "API:"},
		{"by its ID", "[::1]:1", `{"held":"17-a"}`, nil, nil, 200, applied, "API:17-a"},
		{"nothing is held", "127.0.0.1:1", "", nil, ErrNothingHeld, 409, `"detail":"nothing is held"`, "API:"},
		{"another one", "127.0.0.1:1", `{"held":"x"}`, nil, ErrOtherHeld, 409, `"detail":"another change is held by now: look at it first"`, "API:x"},
		{"no JSON", "127.0.0.1:1", "held=17-a", nil, nil, 400, `"detail":"the body is not`, ""},
		{"too long", "127.0.0.1:1", `{"held":"` + strings.Repeat("x", maxConfirm) + `"}`, nil, nil, 400, `"title":"Bad Request"`, ""},
		{"another machine", "192.0.2.1:1", "", nil, nil, 403, `"detail":"a change is confirmed from the machine that phoneprov runs on"`, ""},
		{"another machine, behind the address of this one", "192.0.2.1:1", "", http.Header{"X-Forwarded-For": {"127.0.0.1"}}, nil, 403, `"status":403`, ""},
		{"a page of another site", "127.0.0.1:1", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, nil, 403, `"detail":"the request comes from a page of another site"`, ""},
		{"an origin", "127.0.0.1:1", "", http.Header{"Origin": {"http://evil.example"}}, nil, 403, `"type":"about:blank"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, asked := newBench(t), ""
			b.Confirm = func(id, by string) (Held, error) { asked = by + ":" + id; return held, tt.err }
			r := httptest.NewRequest("POST", "http://localhost"+ConfirmPath, strings.NewReader(tt.body))
			r.RemoteAddr = tt.remote
			for name, values := range tt.header {
				r.Header[name] = values
			}
			w := serveTest(Admin(b.Options), r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || asked != tt.asked {
				t.Errorf("got %d %s, asked %q", w.Code, w.Body, asked)
			}
			if mime := w.Header().Get("Content-Type"); (w.Code == 200) != (mime == "application/json") {
				t.Errorf("got %s", mime)
			}
		})
	}
	b := newBench(t)
	r := httptest.NewRequest("POST", "http://localhost"+ConfirmPath, nil)
	r.RemoteAddr = "127.0.0.1:1"
	if w := serveTest(Admin(b.Options), r); w.Code != 409 {
		t.Errorf("got %d where nothing is ever held", w.Code)
	}
	r = httptest.NewRequest("POST", "http://evil.example"+ConfirmPath, nil)
	r.RemoteAddr = "127.0.0.1:1"
	if w := serveTest(Admin(b.Options), r); w.Code != 404 {
		t.Errorf("got %d by a name that is not ours", w.Code)
	}
}

// What is served of the last good configuration says so: in /readyz, and in the log of each request.
func TestRestoredSnapshot(t *testing.T) {
	b := newBench(t)
	b.Status = func() Status {
		return Status{Source: "ami", Held: &Held{ID: "17-a", Lost: 17}, Warnings: []string{"why"}}
	}
	if w := ask(Admin(b.Options), "GET", "http://localhost/readyz"); !strings.Contains(w.Body.String(), `"source": "ami"`) ||
		!strings.Contains(w.Body.String(), `"id": "17-a"`) || strings.Contains(w.Body.String(), "saved_at") {
		t.Errorf("got %s", w.Body)
	}
	ask(Phones(b.Options), "GET", "http://localhost/phoneprov/0011223344aa.cfg")
	if strings.Contains(b.log.String(), SourceLastGood) {
		t.Errorf("got %s", b.log.String())
	}
	b.Store.Load().SavedAt = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	if w := ask(Admin(b.Options), "GET", "http://localhost/readyz"); w.Code != 200 || !strings.Contains(w.Body.String(), `"source": "last good"`) ||
		!strings.Contains(w.Body.String(), `"saved_at": "2026-11-28T09:00:00Z"`) {
		t.Errorf("got %s", w.Body)
	}
	if w := ask(Phones(b.Options), "GET", "http://localhost/phoneprov/0011223344aa.cfg"); w.Code != 200 || !strings.Contains(b.log.String(), `"source":"last good"`) {
		t.Errorf("got %d, %s", w.Code, b.log.String())
	}
}
