package admin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// manyPhones is the size of a large site.
const manyPhones = 100_000

// BenchmarkPhonesOfState measures GET /api/v1/phones?state=change_waiting with 100,000 phones. A change waits for one
// in a hundred. The bound is 20 ms.
func BenchmarkPhonesOfState(b *testing.B) {
	var users strings.Builder
	users.WriteString("[general]\n")
	for i := range manyPhones {
		fmt.Fprintf(&users, "[%d]\nusername=%[1]d\nautoprov=yes\nmacaddress=0004f2%06x\nsecret=first-secret\n", 100_000+i, i)
	}
	s := newSite(b, users.String())
	const waiting = 1000
	for i := range waiting {
		s.fetchedQuietly(fmt.Sprintf("0004f2%06x.cfg", i*manyPhones/waiting))
	}
	s.settle()
	s.sync(strings.ReplaceAll(users.String(), "first-secret", "second-secret"))
	h := NewAPI(s.Options).Handler()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/phones?state=change_waiting", nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
	b.StopTimer()
	page, err := s.ledger.Phones(ledger.Query{States: []ledger.State{ledger.ChangeWaiting}})
	if err != nil || page.Total != waiting {
		b.Errorf("%d phones wait, want %d: %v", page.Total, waiting, err)
	}
}
