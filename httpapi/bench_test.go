package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// benchHandler serves a thousand phones with a file of 6 kB each as serve does by default: policy, ETag, and a log of
// every request.
func benchHandler(b *testing.B) http.Handler {
	var users strings.Builder
	users.WriteString("[general]\n")
	for i := range 1000 {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nprofile=p\nusername=%[1]d\nsecret=secret%[1]d\nmacaddress=0004f2%06[1]x\n", i)
	}
	files := map[string]string{"phoneprov.conf": "[general]\n[p]\nmime_type=text/xml\nstatic_file => welcome.txt\n${MAC}.cfg => t.cfg\n", "users.conf": users.String()}
	loader := astconf.Loader{Dir: "/", ReadFile: func(path string) ([]byte, error) { return []byte(files[filepath.Base(path)]), nil }}
	config := provision.Config{}
	for name := range files {
		var err error
		if config[name], err = loader.Load(name); err != nil {
			b.Fatal(err)
		}
	}
	s, _, err := provision.Build(b.Context(), provision.Input{Config: config}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for name, text := range map[string]string{
		"t.cfg":       strings.Repeat("<line user=\"${USERNAME}\" secret=\"${SECRET}\" server=\"${SERVER}:${SERVER_PORT}\" of=\"the phone ${MAC}\"/>\n", 60),
		"welcome.txt": "Welcome.\n",
	} {
		path, old := filepath.Join(dir, name), time.Now().Add(-time.Hour) // what has just changed is not kept
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), os.Chtimes(path, old, old)); err != nil {
			b.Fatal(err)
		}
	}
	data, err := provision.OpenData(dir, "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { data.Close() })
	o := Options{
		Prefix: "/phoneprov", Store: new(provision.Store), Renderer: &provision.Renderer{Data: data},
		Access: Access{
			Rules:   access.Rules{Allow: append(access.DefaultAllow(), netip.MustParsePrefix("192.0.2.0/24"))}, // httptest's
			Unknown: &Budget{access.NewBudget(20, 10*time.Minute), 10 * time.Minute},
		},
		Uploads: Uploads{Mode: UploadsDiscard},
		Log:     zerolog.New(io.Discard),
	}
	o.Store.Swap(s)
	return Phones(o)
}

// sink is a ResponseWriter that keeps the status only: httptest's would be most of what is measured.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkHandler is all that we do with a request: from the route to the line of the log.
func BenchmarkHandler(b *testing.B) {
	h := benchHandler(b)
	for _, row := range []struct {
		name, method, path string
		want               int
	}{
		{"rendered file of 6 kB", "GET", "0004f2000007.cfg", 200},
		{"found by its MAC", "GET", "00-04-F2-00-00-07.cfg", 200},
		{"static file", "GET", "welcome.txt", 200},
		{"unknown name", "GET", "y000000000028.cfg", 404},
		{"unknown MAC", "GET", "0004f2ffffff.cfg", 404},
		{"upload", "PUT", "0004f2000007-app.log", 201},
	} {
		b.Run(row.name, func(b *testing.B) {
			r := httptest.NewRequest(row.method, "/phoneprov/"+row.path, nil)
			r.Header.Set("User-Agent", "FileTransport PolycomVVX-VVX_411-UA/5.9.0")
			b.ReportAllocs()
			for b.Loop() {
				w := &sink{header: http.Header{}}
				h.ServeHTTP(w, r)
				if w.status != row.want {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
}

// BenchmarkLoopback is the same with net/http and a client on a connection that is kept.
func BenchmarkLoopback(b *testing.B) {
	server := httptest.NewServer(benchHandler(b))
	defer server.Close()
	client := server.Client()
	b.ReportAllocs()
	for b.Loop() {
		resp, err := client.Get(server.URL + "/phoneprov/0004f2000007.cfg")
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatalf("%s, %v", resp.Status, err)
		}
		resp.Body.Close()
		b.SetBytes(n)
	}
}

// BenchmarkClient is who asks, of the connection and of a proxy's header.
func BenchmarkClient(b *testing.B) {
	a := newAPI(Options{Access: Access{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	r := httptest.NewRequest("GET", "/phoneprov/x", nil)
	r.Header.Set("User-Agent", "Yealink SIP-T46S 66.84.0.15 00:15:65:aa:bb:cc")
	for name, forwarded := range map[string]string{"direct": "", "behind a proxy": "198.51.100.7, 192.0.2.9"} {
		b.Run(name, func(b *testing.B) {
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
			b.ReportAllocs()
			for b.Loop() {
				a.client(r)
			}
		})
	}
}
