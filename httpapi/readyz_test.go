package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision"
)

func TestReadyz(t *testing.T) {
	b := newBench(t)
	lastSync := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)
	b.Version = "v1.2.3"
	b.Status = func() Status {
		return Status{Connected: true, AsteriskVersion: "22.10.1", LastError: "users.conf:3: no category", LastErrorAt: lastSync.Add(time.Hour), LastSync: lastSync,
			Peers: []Peers{{Kind: "pjsip", State: "Reachable", Count: 2}}, LogDropped: 7}
	}
	built := b.Store.Load().BuiltAt
	b.Now = func() time.Time { return built.Add(90 * time.Second) }
	w := ask(Admin(b.Options), "GET", "http://localhost/readyz")
	want := map[string]any{"ready": true, "version": "v1.2.3", "generation": 1.0, "age_seconds": 90.0, "phones": 1.0, "lines": 1.0, "routes": 13.0,
		"ami_connected": true, "asterisk_version": "22.10.1", "last_error": "users.conf:3: no category",
		"last_error_at": "2026-11-24T00:00:00Z", "last_sync": "2026-11-23T23:00:00Z",
		"peers": []any{map[string]any{"kind": "pjsip", "state": "Reachable", "count": 2.0}}, "log_lines_dropped": 7.0}
	checkJSON(t, w.Code, 200, w.Body.Bytes(), want)

	b.Store, b.Status = new(provision.Store), nil
	w = ask(Admin(b.Options), "GET", "http://localhost/readyz")
	want = map[string]any{"ready": false, "version": "v1.2.3", "generation": 0.0, "age_seconds": 0.0, "phones": 0.0, "lines": 0.0, "routes": 0.0,
		"ami_connected": false, "asterisk_version": "", "last_error": "", "last_error_at": nil, "last_sync": nil, "peers": []any{}, "log_lines_dropped": 0.0}
	checkJSON(t, w.Code, 503, w.Body.Bytes(), want)
	if w.Header().Get("Cache-Control") != "no-cache, no-store" {
		t.Errorf("Cache-Control: got %q", w.Header().Get("Cache-Control"))
	}
}

func checkJSON(t *testing.T, status, wantStatus int, body []byte, want map[string]any) {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	if diff := cmp.Diff(want, got); diff != "" || status != wantStatus {
		t.Errorf("got %d, want %d; -want +got:\n%s", status, wantStatus, diff)
	}
}

func TestAdminMethodsAndPaths(t *testing.T) {
	h := Admin(newBench(t).Options)
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/healthz", 200}, {"HEAD", "/healthz", 200}, {"HEAD", "/readyz", 200},
		{"POST", "/healthz", 405}, {"GET", "/", 404}, {"GET", "/phoneprov/0011223344aa.cfg", 404},
	} {
		if got := ask(h, tt.method, "http://localhost"+tt.path).Code; got != tt.want {
			t.Errorf("%s %s: got %d, want %d", tt.method, tt.path, got, tt.want)
		}
	}
}
