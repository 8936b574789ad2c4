package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

const (
	past   = "Sat, 01 Jan 2000 00:00:00 GMT"
	future = "Fri, 01 Jan 2100 00:00:00 GMT"
)

const phoneURL = "http://pbx.test/phoneprov/0011223344aa.cfg"

// The entity tags: the XXH3 sum of a rendered file's bytes, half of the SHA-256 sum of a static one's.
const (
	phoneTag  = `"7ac78389bfa91b9b96081503d5e2cd78"`
	staticTag = `"84d89877f0d4041efb6bf91a16f0248f"`
)

func TestPhoneFile(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct {
		name, method, url string
		header            []string
		status            int
		body, mime, size  string
	}{
		{"rendered", "GET", phoneURL, nil, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, HEAD", "HEAD", phoneURL, nil, 200, "", "text/x-phone", "22"},
		{"static", "GET", "/phoneprov/fw.bin", nil, 200, "0123456789", "application/octet-stream", "10"},
		{"static, HEAD", "HEAD", "/phoneprov/fw.bin", nil, 200, "", "application/octet-stream", "10"},
		{"static, range", "GET", "/phoneprov/fw.bin", []string{"Range", "bytes=2-4"}, 206, "234", "application/octet-stream", "3"},
		{"static, range beyond the end", "GET", "/phoneprov/fw.bin", []string{"Range", "bytes=20-"}, 416,
			"invalid range: failed to overlap\n", "text/plain; charset=utf-8", ""}, // net/http counts what it did not say itself
		{"static, If-Modified-Since", "GET", "/phoneprov/fw.bin", []string{"If-Modified-Since", future}, 200, "0123456789", "application/octet-stream", "10"},
		{"static, If-Unmodified-Since", "GET", "/phoneprov/fw.bin", []string{"If-Unmodified-Since", past}, 200, "0123456789", "application/octet-stream", "10"},
		{"static, If-None-Match", "GET", "/phoneprov/fw.bin", []string{"If-None-Match", `"x", ` + staticTag}, 304, "", "", ""},
		{"static, If-None-Match, HEAD", "HEAD", "/phoneprov/fw.bin", []string{"If-None-Match", staticTag}, 304, "", "", ""},
		{"static, If-None-Match of another", "GET", "/phoneprov/fw.bin", []string{"If-None-Match", `"x"`}, 200, "0123456789", "application/octet-stream", "10"},
		{"static, If-Match", "GET", "/phoneprov/fw.bin", []string{"If-Match", staticTag}, 200, "0123456789", "application/octet-stream", "10"},
		{"static, If-Match of another", "GET", "/phoneprov/fw.bin", []string{"If-Match", `"x"`}, 412, "", "application/octet-stream", ""},
		{"static, If-Range", "GET", "/phoneprov/fw.bin", []string{"If-Range", staticTag, "Range", "bytes=2-4"}, 206, "234", "application/octet-stream", "3"},
		{"static, If-Range of another", "GET", "/phoneprov/fw.bin", []string{"If-Range", `"x"`, "Range", "bytes=2-4"}, 200, "0123456789", "application/octet-stream", "10"},
		{"rendered, range", "GET", phoneURL, []string{"Range", "bytes=2-4"}, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, range beyond the end", "GET", phoneURL, []string{"Range", "bytes=99-"}, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, HEAD of a range", "HEAD", phoneURL, []string{"Range", "bytes=2-4"}, 200, "", "text/x-phone", "22"},
		{"rendered, If-Modified-Since", "GET", phoneURL, []string{"If-Modified-Since", future}, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, If-Unmodified-Since", "GET", phoneURL, []string{"If-Unmodified-Since", past}, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, If-None-Match", "GET", phoneURL, []string{"If-None-Match", `"x", ` + phoneTag}, 304, "", "", ""},
		{"rendered, If-None-Match, HEAD", "HEAD", phoneURL, []string{"If-None-Match", phoneTag}, 304, "", "", ""},
		{"rendered, If-None-Match of another", "GET", phoneURL, []string{"If-None-Match", `"x"`}, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, If-Match", "GET", phoneURL, []string{"If-Match", phoneTag}, 200, "user 6001 of pbx.test\n", "text/x-phone", "22"},
		{"rendered, If-Match of another", "GET", phoneURL, []string{"If-Match", `"x"`}, 412, "", "text/x-phone", ""},
		{"unknown", "GET", "/phoneprov/0011223344bb.cfg", nil, 404, "Not Found\n", "text/plain; charset=utf-8", "10"},
		{"unknown, HEAD", "HEAD", "/phoneprov/0011223344bb.cfg", nil, 404, "", "text/plain; charset=utf-8", "10"},
		{"static, missing", "GET", "/phoneprov/missing.bin", nil, 404, "Not Found\n", "text/plain; charset=utf-8", "10"},
		{"no template", "GET", "/phoneprov/hole0011223344aa.cfg", nil, 503, "Service Unavailable\n", "text/plain; charset=utf-8", "20"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := b.get(tt.method, tt.url, tt.header...)
			h := w.Header()
			if w.Code != tt.status || w.Body.String() != tt.body || h.Get("Content-Type") != tt.mime || h.Get("Content-Length") != tt.size {
				t.Errorf("got %d %q %q, length %s; want %d %q %q, length %s", w.Code, w.Body, h.Get("Content-Type"), h.Get("Content-Length"),
					tt.status, tt.body, tt.mime, tt.size)
			}
			if got := h.Get("Cache-Control"); got != "no-cache, no-store" {
				t.Errorf("Cache-Control: got %q", got)
			}
			if tag := h.Get("Etag"); tt.status < 400 && tag != phoneTag && tag != staticTag || tt.status > 412 && tag != "" && tt.status != 416 {
				t.Errorf("Etag: got %q", tag)
			}
			for _, name := range []string{"Last-Modified", "Location"} {
				if h.Get(name) != "" {
					t.Errorf("%s: got %q, want none", name, h.Get(name))
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	b := newBench(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "BREW"} {
		for _, file := range []string{"0011223344aa.cfg", "fw.bin", "unknown.cfg"} {
			w := b.get(method, "/phoneprov/"+file)
			if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || w.Body.String() != "Method Not Allowed\n" {
				t.Errorf("%s %s: got %d, Allow %q, %q", method, file, w.Code, w.Header().Get("Allow"), w.Body)
			}
		}
	}
	if w := b.get("POST", "/elsewhere"); w.Code != 404 {
		t.Errorf("POST /elsewhere: got %d, want 404", w.Code)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		render renderFunc
		status int
		retry  string
	}{
		{"not found", func(context.Context) (*provision.Document, error) {
			return nil, fmt.Errorf("x: %w", provision.ErrNotFound)
		}, 404, ""},
		{"unavailable", func(context.Context) (*provision.Document, error) {
			return nil, fmt.Errorf("x: %w", provision.ErrUnavailable)
		}, 503, "10"},
		{"other", func(context.Context) (*provision.Document, error) { return nil, errors.New("t.cfg:1: too deep") }, 500, ""},
		{"panic", func(context.Context) (*provision.Document, error) { panic("at the disco") }, 500, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.Renderer = tt.render
			w := b.get("GET", phoneURL)
			if w.Code != tt.status || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("got %d, Retry-After %q, want %d, %q", w.Code, w.Header().Get("Retry-After"), tt.status, tt.retry)
			}
			if want := http.StatusText(tt.status) + "\n"; w.Body.String() != want {
				t.Errorf("got body %q, want %q", w.Body, want)
			}
			if got := strings.Count(b.log.String(), "\n"); got != 1 {
				t.Errorf("got %d log lines, want 1: %s", got, &b.log)
			}
		})
	}
}

func TestNoSnapshot(t *testing.T) {
	b := newBench(t)
	b.Store = new(provision.Store)
	w := b.get("GET", phoneURL)
	if w.Code != 503 || w.Header().Get("Retry-After") != "10" || w.Body.String() != "Service Unavailable\n" {
		t.Errorf("got %d, Retry-After %q, %q", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
}

// A rendering that took longer than provision.RenderTimeout is no fault of the phone: it comes again.
func TestRenderTimeout(t *testing.T) {
	b := newBench(t)
	b.Renderer = renderFunc(func(context.Context) (*provision.Document, error) { return nil, context.DeadlineExceeded })
	if w := b.get("GET", phoneURL); w.Code != 503 {
		t.Errorf("got %d, want 503", w.Code)
	}
}

// brokenFile fails after its first bytes were sent.
type brokenFile struct{ *bytes.Reader }

func (f brokenFile) Read(p []byte) (int, error) {
	if f.Len() == 0 {
		panic("disk on fire")
	}
	return f.Reader.Read(p[:min(len(p), f.Len())])
}

func (f brokenFile) Seek(offset int64, whence int) (int64, error) {
	n, err := f.Reader.Seek(offset, whence)
	if whence == io.SeekEnd {
		n += 10 // more than there is
	}
	return n, err
}

func TestPanicAfterHeader(t *testing.T) {
	b := newBench(t)
	b.Renderer = renderFunc(func(context.Context) (*provision.Document, error) {
		return &provision.Document{MIME: "text/plain", Content: brokenFile{bytes.NewReader([]byte("half"))}, Size: 14}, nil
	})
	resp, err := http.Get("http://" + listen(t, Phones(b.Options)) + "/phoneprov/0011223344aa.cfg")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the client took half a file for a whole one")
	}
	http.DefaultClient.CloseIdleConnections()
}

// What a rendering knows of the request; what is no host is none.
func TestRequest(t *testing.T) {
	b := newBench(t)
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	b.Now = func() time.Time { return now }
	for _, tt := range []struct {
		name, host string
		tls        bool
		want       provision.Request
	}{
		{"name and port", "pbx.test:8080", false, provision.Request{Server: "pbx.test", Scheme: "http", Host: "pbx.test:8080"}},
		{"TLS", "pbx.test", true, provision.Request{Server: "pbx.test", Scheme: "https", Host: "pbx.test"}},
		{"IPv6", "[2001:db8::1]:8080", false, provision.Request{Server: "2001:db8::1", Scheme: "http", Host: "[2001:db8::1]:8080"}},
		{"rubbish", "a<b>", false, provision.Request{Scheme: "http"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got provision.Request
			b.Renderer = requestFunc(func(q provision.Request) { got = q })
			r := httptest.NewRequest("GET", "/PhoneProv/0011223344aa.cfg", nil)
			r.Host = tt.host
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			r.Header.Set("User-Agent", "Linphonec/5.1.65")
			w := httptest.NewRecorder()
			Phones(b.Options).ServeHTTP(w, r)
			tt.want.Now, tt.want.Prefix, tt.want.UserAgent = now, "/phoneprov", "Linphonec/5.1.65"
			if w.Code != 200 || got != tt.want {
				t.Errorf("got %d, %+v\nwant %+v", w.Code, got, tt.want)
			}
		})
	}
}

// requestFunc is a Renderer that looks at the request.
type requestFunc func(provision.Request)

func (f requestFunc) Render(_ context.Context, _ *provision.Snapshot, _ *provision.Route, q provision.Request) (*provision.Document, error) {
	f(q)
	return &provision.Document{Content: strings.NewReader("")}, nil
}
