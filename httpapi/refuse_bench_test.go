package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// BenchmarkRefused compares a file that a stranger may not have with one that is not there: the time tells nothing.
func BenchmarkRefused(b *testing.B) {
	o := newBench(b).Options
	o.Access = Access{Rules: access.Rules{Allow: access.DefaultAllow()}}
	h := Phones(o)
	for _, bb := range []struct{ name, file string }{{"known", "0011223344aa.cfg"}, {"unknown", "0011223344bb.cfg"}} {
		b.Run(bb.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "http://pbx.test/phoneprov/"+bb.file, nil)
			r.RemoteAddr = internet
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
