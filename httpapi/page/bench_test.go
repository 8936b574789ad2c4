package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/httpapi/admin"
)

// BenchmarkPhones measures a page of the list of phones, from the request to its last byte. The bounds are 50 ms for
// 10,000 phones and 200 ms for 100,000.
func BenchmarkPhones(b *testing.B) {
	for _, many := range []int{10_000, 100_000} {
		var users strings.Builder
		users.WriteString("[general]\n")
		for i := range many {
			users.WriteString(line(100_000+i, fmt.Sprintf("0004f2%06x", i), fmt.Sprintf("Person %d of %d", i*7919%many, many), "poly", "s"))
		}
		s := newSite(b, phoneprovConf, users.String())
		const fetched = 1000
		for i := range fetched {
			s.asked(fmt.Sprintf("0004f2%06x.cfg", i*many/fetched), polyAgent, "192.0.2.1", 200, "")
		}
		s.settle()
		page, err := New(admin.NewAPI(s.Options))
		if err != nil {
			b.Fatal(err)
		}
		for _, query := range []string{"", "?sort=-name", "?sort=model", "?sort=address&page=77", "?q=person+1", "?q=00:04:f2:00&sort=-last_fetch", "?vendor=Poly", "?profile=poly&sort=state"} {
			b.Run(fmt.Sprintf("%d%s", many, query), func(b *testing.B) {
				for b.Loop() {
					w := httptest.NewRecorder()
					page.ServeHTTP(w, httptest.NewRequest("GET", "/phones"+query, nil))
					if w.Code != http.StatusOK {
						b.Fatal(w.Code, w.Body)
					}
				}
			})
		}
	}
}
