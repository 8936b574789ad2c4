package ledger

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// manyUsers is the configuration of so many phones.
func manyUsers(phones int) string {
	var users strings.Builder
	users.WriteString("[general]\n[phone](!)\nautoprov = yes\n")
	for i := range phones {
		fmt.Fprintf(&users, "[%d](phone)\nusername = %[1]d\nmacaddress = %012[1]x\n", i)
	}
	return users.String()
}

// heapInUse returns the bytes of the heap that are in use.
func heapInUse() float64 {
	for range 2 { // the second also frees what finalizers and unique's handles held
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// forgetful is a Store that keeps nothing.
type forgetful struct{ *memory }

func (forgetful) Commit(Batch) error { return nil }

// BenchmarkMemory measures the memory of a phone that is registered and has fetched one or three files, each a minute
// apart. deploy/doc/LEDGER.md has the bound of 100,000 phones.
func BenchmarkMemory(b *testing.B) {
	const phones = 20_000
	for _, files := range [][]string{{}, {".cfg"}, {".cfg", "-dir.xml", "-rand.cfg"}} {
		b.Run(fmt.Sprint(len(files)), func(b *testing.B) {
			for b.Loop() {
				now := time.Now()
				s := makeSite(b, "", func(o *Options) {
					o.Store, o.Now, o.Renderer = forgetful{newMemory()}, func() time.Time { return now }, nil
				})
				s.syncFiles(map[string]string{"users.conf": manyUsers(phones)})
				snap := s.store.Load()
				before := heapInUse()
				s.drain()
				for i := range phones {
					id := fmt.Sprintf("%012x", i)
					s.PeerChanged(Peer{Endpoint: fmt.Sprint(i), Registered: true, RegisteredAt: now, Contact: fmt.Sprintf("sip:%d@192.0.2.7:5060", i)})
					for _, name := range files {
						a := s.answer(asks{"192.0.2.7", "Yealink SIP-T46S 66.85.0.5 " + id, "pbx.test:8080", true}, id+name, 200)
						a.Route, a.ETag = snap.RouteOf(id+name), fmt.Sprintf("\"%032x\"", i)
						a.Basis.Templates = "t.cfg"
						s.Served(a)
					}
					if i%1000 == 999 {
						s.drain()
						s.commit()
					}
				}
				s.queue.spare = nil
				b.ReportMetric((heapInUse()-before)/phones, "B/phone")
				runtime.KeepAlive(snap)
				runtime.KeepAlive(s)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkServed measures one request: Served plus its application. The phones have fetched before.
func BenchmarkServed(b *testing.B) {
	for _, phones := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(phones), func(b *testing.B) {
			s := makeSite(b, manyUsers(phones), nil)
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
