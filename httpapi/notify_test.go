package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/httpapi/admin"
)

func TestNotifyIsForThisMachineAndNoWebPage(t *testing.T) {
	asked := 0
	h := Admin(Options{Notify: admin.Notify(func(context.Context, admin.NotifyRequest) (admin.NotifyResult, error) {
		asked++
		return admin.NotifyResult{Items: []admin.NotifiedPhone{}}, nil
	})})
	for _, tt := range []struct {
		name, from, path string
		header           http.Header
		status           int
	}{
		{"from here", "127.0.0.1:1234", admin.NotifyPath, nil, 202},
		{"one phone", "[::1]:1234", "/api/v1/phones/0004f2000001/notify", nil, 202},
		{"from elsewhere", "192.0.2.1:1234", admin.NotifyPath, nil, 403},
		{"from a page", "127.0.0.1:1234", admin.NotifyPath, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"from another origin", "127.0.0.1:1234", admin.NotifyPath, http.Header{"Origin": {"http://evil.example"}}, 403},
	} {
		before := asked
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "http://localhost"+tt.path, strings.NewReader("{}"))
		r.RemoteAddr = tt.from
		for name, values := range tt.header {
			r.Header[name] = values
		}
		h.ServeHTTP(w, r)
		if w.Code != tt.status || (asked > before) != (tt.status == 202) {
			t.Errorf("%s: got %d %s", tt.name, w.Code, w.Body)
		}
	}
}
