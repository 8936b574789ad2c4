package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/uploads"
)

// keeping is a guard that stores uploads.
func keeping(t *testing.T) *bench {
	t.Helper()
	b := guard(t)
	store, err := uploads.Open(t.TempDir(), uploads.Limits{Phone: 2 << 20, All: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b.Uploads = Uploads{UploadsStore, store}
	return b
}

// uploadBody is what a phone sends.
const uploadBody = "the-phone's-own-settings"

// sendBody makes a request with a body.
func sendBody(h http.Handler, method, remote, name string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://pbx.test/phoneprov/"+name, body)
	r.RemoteAddr = remote
	return serveTest(h, r)
}

func TestUploadIsServedBack(t *testing.T) {
	h := Phones(keeping(t).Options)
	const name = "0011223344AA-phone.cfg"
	if w := from(h, lan, name, nil); w.Code != 404 {
		t.Errorf("before: got %d", w.Code)
	}
	for i, method := range []string{"PUT", "POST", "PUT"} {
		text := fmt.Sprintf("%s %d", uploadBody, i)
		if w := sendBody(h, method, lan, name, strings.NewReader(text)); w.Code != map[bool]int{true: 201, false: 200}[i == 0] || w.Body.Len() != 0 {
			t.Errorf("%s: got %d %q", method, w.Code, w.Body)
		}
		for _, spelling := range []string{name, "0011223344aa-phone.cfg", "00-11-22-33-44-aa-phone.cfg"} {
			w := from(h, lan, spelling, nil)
			if w.Code != 200 || w.Body.String() != text || w.Header().Get("Content-Type") != "text/plain" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: got %d %q %v", spelling, w.Code, w.Body, w.Header())
			}
		}
	}
	if w := from(h, lan, name, agent("Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37")); w.Code != 404 {
		t.Errorf("to another phone: got %d", w.Code)
	}
	if w := from(h, internet, name, nil); w.Code != 404 {
		t.Errorf("to a stranger: got %d", w.Code)
	}
}

// A route has its name for itself, whatever was stored under it.
func TestRouteBeforeUpload(t *testing.T) {
	h := Phones(keeping(t).Options)
	if w := sendBody(h, "PUT", lan, "0011223344aa.cfg", strings.NewReader(uploadBody)); w.Code != 201 {
		t.Errorf("put: got %d", w.Code)
	}
	if w := from(h, lan, "0011223344aa.cfg", nil); w.Body.String() != "user 6001 of pbx.test\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("x", uploads.MaxFile)
	for _, tt := range []struct {
		name   string
		mode   UploadMode
		method string
		remote string
		file   string
		body   io.Reader
		status int
	}{
		{"off", UploadsOff, "PUT", lan, "0011223344aa-boot.log", strings.NewReader(uploadBody), 405},
		{"off, POST", UploadsOff, "POST", lan, "0011223344aa-boot.log", strings.NewReader(uploadBody), 405},
		{"discard", UploadsDiscard, "PUT", lan, "0011223344aa-boot.log", strings.NewReader(uploadBody), 201},
		{"discard, POST", UploadsDiscard, "POST", lan, "0011223344aa-boot.log", strings.NewReader(uploadBody), 201},
		{"discard, as large as may be", UploadsDiscard, "PUT", lan, "0011223344aa-boot.log", strings.NewReader(full), 201},
		{"discard, larger", UploadsDiscard, "PUT", lan, "0011223344aa-boot.log", strings.NewReader(full + "x"), 413},
		{"discard, unknown", UploadsDiscard, "PUT", lan, "0011223344bb-boot.log", strings.NewReader(uploadBody), 404},
		{"discard, stranger", UploadsDiscard, "PUT", internet, "0011223344aa-boot.log", strings.NewReader(uploadBody), 404},
		{"store, as large as may be", UploadsStore, "PUT", lan, "0011223344aa-boot.log", strings.NewReader(full), 201},
		{"store, larger", UploadsStore, "PUT", lan, "0011223344aa-boot.log", strings.NewReader(full + "x"), 413},
		{"store, unknown", UploadsStore, "PUT", lan, "0011223344bb-boot.log", strings.NewReader(uploadBody), 404},
		{"store, stranger", UploadsStore, "PUT", internet, "0011223344aa-boot.log", strings.NewReader(uploadBody), 404},
		{"store, no MAC", UploadsStore, "PUT", lan, "000000000000-boot.log", strings.NewReader(uploadBody), 404},
		{"store, traversal", UploadsStore, "PUT", lan, "..%2f..%2f0011223344aa%2f..%2fx", strings.NewReader(uploadBody), 404},
		{"store, name of a shell", UploadsStore, "PUT", lan, "0011223344aa%3brm%20-rf.log", strings.NewReader(uploadBody), 404},
		{"store, half", UploadsStore, "PUT", lan, "0011223344aa-boot.log", io.MultiReader(strings.NewReader(uploadBody), iotest.ErrReader(errors.New("gone"))), 400},
		{"other method", UploadsStore, "DELETE", lan, "0011223344aa-boot.log", nil, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := keeping(t)
			b.Uploads.Mode = tt.mode
			h := Phones(b.Options)
			w := sendBody(h, tt.method, tt.remote, tt.file, tt.body)
			if w.Code != tt.status {
				t.Errorf("got %d, want %d", w.Code, tt.status)
			}
			if allow := w.Header().Get("Allow"); tt.status == 405 && allow != map[bool]string{true: "GET, HEAD", false: "GET, HEAD, PUT, POST"}[tt.mode == UploadsOff] {
				t.Errorf("Allow: got %q", allow)
			}
			kept := tt.mode == UploadsStore && tt.status == 201
			if w := from(h, lan, "0011223344aa-boot.log", nil); (w.Code == 200) != kept {
				t.Errorf("afterwards: got %d", w.Code)
			}
		})
	}
}

func TestUploadQuota(t *testing.T) {
	h := Phones(keeping(t).Options)
	part := bytes.Repeat([]byte("x"), 1<<20)
	for i, want := range []int{201, 201, 507} {
		if w := sendBody(h, "PUT", lan, fmt.Sprintf("0011223344aa-%d.cfg", i), bytes.NewReader(part)); w.Code != want {
			t.Errorf("file %d: got %d, want %d", i, w.Code, want)
		}
	}
}

// Uploads in memory are bounded, and one source's slow ones hold up nobody: each new one takes the place of the oldest of the
// source that has most, which is told to come again.
func TestManyUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	s.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} // so that a connection can come from anywhere
	addr := listen(t, Phones(s.Options))
	slow := func(from string) net.Conn {
		c := dialFrom(t, addr, "127.0.0.1")
		fmt.Fprintf(c, "PUT /phoneprov/0011223344aa-slow.log HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Length: 1000\r\n\r\nx", from)
		return c
	}
	others := []net.Conn{slow("192.168.0.3"), slow("192.168.0.4")}
	var hogs []net.Conn
	for range maxUploads + 20 {
		hogs = append(hogs, slow("192.168.0.2"))
	}
	type answer struct {
		hog    int
		status int
		retry  string
	}
	answers := make(chan answer, len(hogs))
	for i, c := range hogs {
		go func() {
			if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
				answers <- answer{i, resp.StatusCode, resp.Header.Get("Retry-After")}
			}
		}()
	}
	ended := map[int]bool{}
	for range 22 { // 20 that are too many, and 2 for the others; which ones depends on the order of their goroutines
		select {
		case a := <-answers:
			if a.status != 503 || a.retry == "" {
				t.Fatalf("upload %d: got %+v; want 503", a.hog, a)
			}
			ended[a.hog] = true
		case <-time.After(testkit.Patience):
			t.Fatalf("%d uploads made room, want 22", len(ended))
		}
	}
	for i := range 5 {
		c := dialFrom(t, addr, "127.0.0.1")
		fmt.Fprintf(c, "PUT /phoneprov/0011223344aa-%d.log HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.168.0.5\r\nContent-Length: %d\r\n\r\n%s", i, len(uploadBody), uploadBody)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != 201 { // dialFrom gives it a deadline
			t.Errorf("a phone's: got %v, %v", resp, err)
		}
	}
	for i, c := range others { // theirs went on
		io.WriteString(c, strings.Repeat("x", 999))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != 201 && resp.StatusCode != 200 {
			t.Errorf("slow upload %d: got %v, %v", i, resp, err)
		}
	}
	for i, c := range hogs {
		if len(answers) > 0 { // one that made room for the phone's
			ended[(<-answers).hog] = true
		}
		if !ended[i] {
			io.WriteString(c, strings.Repeat("x", 999))
			select {
			case a := <-answers:
				if a.hog != i || a.status != 201 && a.status != 200 {
					t.Errorf("slow upload: got %+v", a)
				}
			case <-time.After(20 * time.Second):
				t.Error("no answer to an upload that went on")
			}
			return
		}
	}
}

// What a disk that hangs holds up is bounded in number and time.
func TestUploadsWithASlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		uploads := newUploadsInMemory()
		uploads.disk <- struct{}{} // and never comes back
		var all sync.WaitGroup
		var lost, late atomic.Int32
		for range maxUploads + 10 {
			all.Go(func() {
				turn := uploads.add(numbered(1), func() {})
				switch err := uploads.lockDisk(t.Context(), turn); {
				case errors.Is(err, errMadeRoom):
					lost.Add(1)
				case errors.Is(err, errSlowDisk):
					late.Add(1)
				}
				uploads.remove(turn)
			})
		}
		start := time.Now()
		all.Wait()
		if lost.Load() != 10 || late.Load() != maxUploads || time.Since(start) != diskWait || uploads.held.n != 0 {
			t.Errorf("%d made room, %d gave up after %v, %d are left", lost.Load(), late.Load(), time.Since(start), uploads.held.n)
		}
	})
	for _, err := range []error{errMadeRoom, errSlowDisk} {
		if got := statusOf(err, httptest.NewRequest("PUT", "/", nil)); got != 503 {
			t.Errorf("%v: got %d", err, got)
		}
	}
}
