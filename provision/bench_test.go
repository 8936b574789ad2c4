package provision

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
	"github.com/phoneprov/phoneprov/provision/device"
)

// benchUsers is a users file with n phones.
func benchUsers(n int) string {
	var b strings.Builder
	b.WriteString("[general]\nvmexten=*97\n[phone](!)\nautoprov=yes\nprofile=p\n")
	for i := range n {
		fmt.Fprintf(&b, "[%06d](phone)\nusername=%06[1]d\nsecret=secret%06[1]d\nfullname=User %[1]d\nmacaddress=%012[1]x\n", i)
	}
	return b.String()
}

const benchProfile = `[general]
[p]
mime_type => text/xml
setvar => A=${TOUPPER(${USERNAME})}
${MAC}.cfg => t
${MAC}-directory.cfg => d
`

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := config(b, map[string]string{"phoneprov.conf": benchProfile, "users.conf": benchUsers(n)})
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Build(context.Background(), Input{Config: c}, testNow); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMemory measures what a snapshot of 100,000 phones holds after its configuration is dropped.
func BenchmarkMemory(b *testing.B) {
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for b.Loop() {
		before := heap()
		s, _ := build(b, map[string]string{"phoneprov.conf": benchProfile, "users.conf": benchUsers(100_000)})
		b.ReportMetric((heap()-before)/1e6, "MB-kept")
		runtime.KeepAlive(s)
	}
}

func BenchmarkCompare(b *testing.B) {
	files := map[string]string{"phoneprov.conf": benchProfile, "users.conf": benchUsers(100_000)}
	old, _ := build(b, files)
	files["phoneprov.conf"] = strings.Replace(benchProfile, "A=", "B=", 1)
	changed, _ := build(b, files)
	for _, row := range []struct {
		name string
		next *Snapshot
		want int
	}{{"nothing changed", old, 0}, {"all changed", changed, 100_000}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c := Compare(old, row.next); c.Changed != row.want {
					b.Fatalf("got %+v", c)
				}
			}
		})
	}
}

// BenchmarkJoin joins two Asterisks with 50,000 phones each, and looks up the files of the second one.
func BenchmarkJoin(b *testing.B) {
	users := benchUsers(100_000)
	half := strings.Index(users, "[050000]")
	head := users[:strings.Index(users, "[000000]")]
	parts := []Part{buildPart(b, "east", map[string]string{"phoneprov.conf": benchProfile, "users.conf": users[:half]}),
		buildPart(b, "west", map[string]string{"phoneprov.conf": benchProfile, "users.conf": head + users[half:]})}
	b.Run("join", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s, _ := Join(parts); s.Counts().Phones != 100_000 {
				b.Fatalf("got %+v", s.Counts())
			}
		}
	})
	s, _ := Join(parts)
	b.Run("lookup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s.Lookup("00000000fffd.cfg") == nil {
				b.Fatal("it is not there")
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	s, _ := build(b, map[string]string{"phoneprov.conf": benchProfile, "users.conf": benchUsers(100_000)})
	for name, uri := range map[string]string{"exact": "00000000abcd.cfg", "MAC": "00:00:00:00:AB:CD.cfg", "unknown": "y000000000028.cfg"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Lookup(uri)
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	s, _ := build(b, map[string]string{"phoneprov.conf": benchProfile, "users.conf": benchUsers(5_000)})
	r, _ := renderer(b, map[string]string{
		"t": strings.Repeat("<line user=\"${USERNAME}\" secret=\"${SECRET}\" server=\"${SERVER}:${SERVER_PORT}\" name=\"${A}\"/>\n", 60),
		"d": "${PP_EACH_USER(<item><ln>%{DISPLAY_NAME}</ln><ct>%{USERNAME}</ct></item>\n)}",
	})
	for name, uri := range map[string]string{"file of 6 kB": "000000000007.cfg", "directory of 5000": "000000000007-directory.cfg",
		"file of 6 kB, not escaped": "000000000007.cfg", "directory of 5000, not escaped": "000000000007-directory.cfg"} {
		b.Run(name, func(b *testing.B) {
			rt := s.Lookup(uri)
			r.options.Profiles = nil
			if strings.HasSuffix(name, "not escaped") {
				r.options.Profiles = map[string]ProfileOptions{"p": {Escape: EscapeNone}}
			}
			b.ReportAllocs()
			for b.Loop() {
				doc, err := r.Render(context.Background(), s, rt, Request{Server: "pbx", Now: testNow})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, doc.Content); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(doc.Size)
			}
		})
	}
}

func BenchmarkParseUserAgent(b *testing.B) {
	for name, text := range map[string]string{
		"Poly": "FileTransport PolycomVVX-VVX_411-UA/5.9.0", "Yealink": "Yealink SIP-T46S 66.84.0.15 00:15:65:aa:bb:cc", "none": "curl/8.0",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				device.ParseUserAgent(text)
			}
		})
	}
}

// BenchmarkNotKept renders the file of deploy/bench for each of 100,000 phones in turn.
func BenchmarkNotKept(b *testing.B) {
	const phones = 100_000
	dir := b.TempDir()
	if err := cmp.Or(tree.WriteConfig(dir, phones, "Phone"), tree.WriteData(dir, tree.FirmwareSize)); err != nil {
		b.Fatal(err)
	}
	files := map[string]string{"phoneprov.conf": "", "users.conf": "", "phone.cfg": ""}
	for name := range files {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		files[name] = string(text)
	}
	s, _ := build(b, files)
	r, dir := renderer(b, nil)
	(&cachedSite{dir: dir}).lay(b, "phone.cfg", files["phone.cfg"], time.Hour)
	order := rand.New(rand.NewPCG(1, 0)).Perm(phones)
	routes := make([]*Route, phones)
	for i := range routes {
		routes[i] = s.Lookup(tree.File(order[i]))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		doc, err := r.Render(b.Context(), s, routes[i%phones], Request{Server: "pbx", Now: testNow})
		if err != nil {
			b.Fatal(err)
		}
		doc.Close()
	}
}
