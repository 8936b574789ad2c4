package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestNotify(t *testing.T) {
	t.Parallel()
	var got *NotifyRequest
	h := NewAPI(Options{Notify: func(_ context.Context, q NotifyRequest) (NotifyResult, error) {
		got = &q
		switch {
		case q.Profile == "away":
			return NotifyResult{}, fmt.Errorf("%w: x", ErrNoSuchPhone)
		case q.Confirm:
			return NotifyResult{}, fmt.Errorf("%w: nothing is held", ErrConflict)
		case q.Profile == "wrong":
			return NotifyResult{}, fmt.Errorf("name phones")
		}
		return NotifyResult{Items: []NotifiedPhone{{ID: "0004f2000001", Outcome: "queued"}}, Total: 1, Told: 1}, nil
	}}).Handler()
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               *NotifyRequest // nil: nobody is asked
		detail             string
	}{
		{"POST", NotifyPath, `{"phones":["0004f2000001"],"reboot":true}`, 202, &NotifyRequest{Phones: []string{"0004f2000001"}, Reboot: true}, ""},
		{"POST", NotifyPath, `{"state":["change_waiting","no_reaction"],"dry_run":true}`, 200,
			&NotifyRequest{State: []ledger.State{ledger.ChangeWaiting, ledger.NoReaction}, DryRun: true}, ""},
		{"POST", "/api/v1/phones/00:04:F2:00:00:01/notify", "", 202, &NotifyRequest{Phones: []string{"00:04:F2:00:00:01"}}, ""},
		{"POST", "/api/v1/phones/x/notify", `{"all":true}`, 400, nil, "the path names the phone"},
		{"POST", NotifyPath, `{"profile":"away"}`, 404, &NotifyRequest{Profile: "away"}, "there is no such phone: x"},
		{"POST", NotifyPath, `{"confirm":true}`, 409, &NotifyRequest{Confirm: true}, "nothing is held"},
		{"POST", NotifyPath, `{"profile":"wrong"}`, 400, &NotifyRequest{Profile: "wrong"}, "name phones"},
		{"POST", NotifyPath, `{"phone":"x"}`, 400, nil, "the body cannot be read"},
		{"POST", NotifyPath, `{"state":["stale"]}`, 400, nil, `there is no state "stale"`},
		{"POST", NotifyPath, `[`, 400, nil, "the body cannot be read"},
		{"POST", NotifyPath, `{"phones":["` + strings.Repeat("x", maxNotify) + `"]}`, 400, nil, "the body cannot be read"},
		{"POST", NotifyPath + "?all=true", "", 400, nil, "there is no parameter"},
		{"GET", NotifyPath, "", 405, nil, "Allow"},
	} {
		got = nil
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body)))
		var answer struct {
			Detail string
			Items  []NotifiedPhone
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Errorf("%s: %v", tt.body, err)
		}
		if w.Code != tt.status || !reflect.DeepEqual(got, tt.want) || !strings.Contains(answer.Detail, tt.detail) || (tt.detail == "") != (len(answer.Items) == 1) {
			t.Errorf("%s %s %.100s: got %d %s, asked %+v", tt.method, tt.path, tt.body, w.Code, w.Body, got)
		}
		if mime := w.Header().Get("Content-Type"); (mime == "application/problem+json") != (w.Code >= http.StatusBadRequest) {
			t.Errorf("%s: got %s", tt.path, mime)
		}
	}
}
