package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// recorded are the answers that a Recorder was told of.
type recorded struct {
	mu  sync.Mutex
	all []ledger.Answer
}

func (r *recorded) Served(a ledger.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, a)
}

// TestRecorderIsTold of each request, once, with what the ledger has to know.
func TestRecorderIsTold(t *testing.T) {
	const file, static = "0011223344AA.cfg", "fw.bin"
	for _, row := range []struct {
		name, method, path string
		header             []string
		change             func(*bench)
		status             int
		want               ledger.Answer // File, MAC, Reason, Refused, Err, Whole
		route              string
		etag               bool
	}{
		{name: "a file", path: "/phoneprov/" + file, status: 200, route: file, etag: true, want: ledger.Answer{Reason: "address", Whole: true}},
		{name: "its name spelt in another way", path: "/phoneprov/0011223344aa.cfg", status: 200, route: file, etag: true, want: ledger.Answer{File: "0011223344aa.cfg", Reason: "address", Whole: true}},
		{name: "HEAD", method: "HEAD", path: "/phoneprov/" + file, status: 200, route: file, etag: true, want: ledger.Answer{Reason: "address"}},
		{name: "that it has", path: "/phoneprov/" + file, header: []string{"If-None-Match", "*"}, status: 304, route: file, etag: true, want: ledger.Answer{Reason: "address", Whole: true}},
		{name: "a static one", path: "/phoneprov/" + static, status: 200, route: static, etag: true, want: ledger.Answer{File: static, Reason: "address", Whole: true}},
		{name: "a part of a static one", path: "/phoneprov/" + static, header: []string{"Range", "bytes=0-3"}, status: 206, route: static, etag: true, want: ledger.Answer{File: static, Reason: "address"}},
		{name: "no such file", path: "/phoneprov/0011223344aa-license.cfg", status: 404, want: ledger.Answer{File: "0011223344aa-license.cfg", Reason: "no such file", Err: "no such file"}},
		{name: "no such phone", path: "/phoneprov/0011223344bb.cfg", status: 404, want: ledger.Answer{File: "0011223344bb.cfg", Reason: reasonNoPhone, Refused: true, Err: "no such file"}},
		{name: "refused by address", path: "/phoneprov/" + file, change: func(b *bench) { b.Access.Rules.Allow = nil }, status: 404, want: ledger.Answer{Reason: "not allowed", Refused: true, Err: "no such file"}},
		{name: "a web browser", path: "/phoneprov/" + file, header: []string{"Sec-Fetch-Mode", "navigate"}, status: 404, want: ledger.Answer{File: "/phoneprov/" + file, Reason: reasonBrowser, Refused: true, Err: "no such file"}},
		{name: "not to be made now", path: "/phoneprov/" + file, change: failing(provision.ErrUnavailable), status: 503, route: file, want: ledger.Answer{Reason: "address", Err: "asterisk cannot be asked"}},
		{name: "not to be made at all", path: "/phoneprov/" + file, change: failing(errors.New("template")), status: 500, route: file, want: ledger.Answer{Reason: "address", Err: "template"}},
		{name: "nothing was read yet", path: "/phoneprov/" + file, change: func(b *bench) { b.Store = new(provision.Store) }, status: 503, want: ledger.Answer{Err: errNoSnapshot.Error()}},
		{name: "outside of the prefix", path: "/x", status: 404, want: ledger.Answer{File: "/x", Reason: reasonOutside, Err: "no such file"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, r := newBench(t), &recorded{}
			b.Recorder = r
			if row.change != nil {
				row.change(b)
			}
			method := row.method
			if method == "" {
				method = "GET"
			}
			w := b.get(method, row.path, append([]string{"User-Agent", "Yealink SIP-T46S 66.85.0.5"}, row.header...)...)
			if len(r.all) != 1 || w.Code != row.status {
				t.Fatalf("got status %d, told %+v", w.Code, r.all)
			}
			got, want := r.all[0], row.want
			if want.File == "" {
				want.File = file
			}
			if got.Status != row.status || got.Method != method || got.File != want.File || got.Refused != want.Refused ||
				got.Err != want.Err || got.Whole != want.Whole || row.name != "refused by address" && got.Reason != want.Reason {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if (got.Route != nil) != (row.route != "") || got.Route != nil && got.Route.URI != row.route {
				t.Errorf("got route %+v, want %q", got.Route, row.route)
			}
			if tag := w.Header().Get("ETag"); (got.ETag != "") != row.etag || got.ETag != tag {
				t.Errorf("got entity tag %q, the phone got %q", got.ETag, tag)
			}
			if got.Asked.Scheme != "http" || got.Asked.UserAgent == "" || got.Asked.Host != "example.com" || got.Addr.String() != "192.0.2.1" || got.At.IsZero() {
				t.Errorf("got %+v", got)
			}
			if row.route == file && got.ETag != "" && (got.Basis.Templates != "t.cfg" || got.Basis.Phone == 0) {
				t.Errorf("got basis %+v", got.Basis)
			}
		})
	}
}

func failing(err error) func(*bench) {
	return func(b *bench) {
		b.Renderer = renderFunc(func(context.Context) (*provision.Document, error) { return nil, err })
	}
}

// TestRecorderIsToldOfAPhoneThatGoesAway: it did not get the file.
func TestRecorderIsToldOfAPhoneThatGoesAway(t *testing.T) {
	b, r := newBench(t), &recorded{}
	b.Recorder = r
	req := httptest.NewRequest("GET", "/phoneprov/0011223344aa.cfg", nil)
	Phones(b.Options).ServeHTTP(brokenWriter{httptest.NewRecorder()}, req)
	if len(r.all) != 1 || r.all[0].Whole || r.all[0].Err == "" {
		t.Errorf("got %+v", r.all)
	}
}

// brokenWriter is the connection of a phone that went away.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// TestAdminTellsNobody: probes are no requests of phones.
func TestAdminTellsNobody(t *testing.T) {
	b, r := newBench(t), &recorded{}
	b.Recorder = r
	ask(Admin(b.Options), "GET", "/readyz")
	if len(r.all) != 0 {
		t.Errorf("got %+v", r.all)
	}
}
