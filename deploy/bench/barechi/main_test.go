package main

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestHandler(t *testing.T) {
	dir := t.TempDir()
	large := make([]byte, 101)
	for name, body := range map[string][]byte{"small.cfg": []byte("<phone/>"), "large.ld": large} {
		testkit.Write(t, filepath.Join(dir, name), body)
	}
	h, err := handler(dir, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path         string
		status, size int
	}{
		{"/phoneprov/small.cfg", 200, 8},
		{"/phoneprov/large.ld", 200, len(large)},
		{"/phoneprov/none.cfg", 404, 19},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", tt.path, nil))
		if w.Code != tt.status || w.Body.Len() != tt.size {
			t.Errorf("%s: got %d and %d bytes, want %d and %d", tt.path, w.Code, w.Body.Len(), tt.status, tt.size)
		}
	}
	if _, err := handler(filepath.Join(dir, "none"), 100); err == nil {
		t.Error("no directory, no error")
	}
}
