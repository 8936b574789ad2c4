package httpapi

import (
	"testing"

	"github.com/phoneprov/phoneprov/provision"
)

// Alive is not ready: without Asterisk the service must not be restarted over and over.
func TestHealthzWithoutSnapshot(t *testing.T) {
	b := newBench(t)
	b.Store = new(provision.Store)
	if w := ask(Admin(b.Options), "GET", "http://localhost/healthz"); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}
