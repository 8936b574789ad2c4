package ledger

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkServed is what a request costs: told, and taken into account. The phones have fetched before.
func BenchmarkServed(b *testing.B) {
	for _, phones := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(phones), func(b *testing.B) {
			var users strings.Builder
			users.WriteString("[general]\n[phone](!)\nautoprov = yes\n")
			for i := range phones {
				fmt.Fprintf(&users, "[%d](phone)\nusername = %[1]d\nmacaddress = %012[1]x\n", i)
			}
			s := makeSite(b, users.String(), nil)
			s.drain()
			snap := s.store.Load()
			answers := make([]Answer, phones)
			for i := range answers {
				name := fmt.Sprintf("%012x.cfg", i)
				a := s.answer(asks{"192.0.2.7", fmt.Sprintf("Yealink SIP-T46S 66.85.0.5 %012x", i), "pbx.test:8080", true}, name, 200)
				a.Route = snap.RouteOf(name)
				a.ETag, a.Basis, _ = s.renderer.Digest(b.Context(), snap, a.Route, a.Asked)
				answers[i] = a
				if s.Served(a); i%1000 == 0 {
					s.drain()
				}
			}
			s.drain()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if s.Served(answers[i%phones]); i%1000 == 0 {
					s.drain()
				}
			}
			s.drain()
		})
	}
}
