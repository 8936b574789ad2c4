package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReachable(t *testing.T) {
	for _, tt := range []struct{ listen, want string }{
		{":8081", "127.0.0.1:8081"},
		{"0.0.0.0:8081", "127.0.0.1:8081"},
		{"[::]:8081", "[::1]:8081"},
		{"127.0.0.1:8081", "127.0.0.1:8081"},
		{"[2001:db8::1]:8081", "[2001:db8::1]:8081"},
		{"admin.test:http", "admin.test:http"},
	} {
		if got := reachable(tt.listen); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.listen, got, tt.want)
		}
	}
}

func TestAskReady(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   string
		err    string
	}{
		{"ready", 200, `{"phones":3,"routes":7,"generation":2}`, "ready: 3 phones, 7 files, generation 2", ""},
		{"not ready", 503, `{"last_error":"login refused"}`, "", "not ready: login refused"},
		{"just started", 503, `{}`, "", "not ready: nothing was read from Asterisk yet"},
		{"somebody else", 404, "<html>", "", "URL/readyz: 404 Not Found: not an answer of phoneprov"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			}))
			defer server.Close()
			got, err := (&adminClient{base: server.URL}).ready(t.Context())
			message := ""
			if err != nil {
				message = strings.ReplaceAll(err.Error(), server.URL, "URL")
			}
			if got != tt.want || message != tt.err {
				t.Errorf("got %q, %q; want %q, %q", got, message, tt.want, tt.err)
			}
		})
	}
}
