package httpapi

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whatever bytes a stranger sends for a target, it learns nothing: never a fault of ours, never a secret, and the log has a
// line of it that is bounded. The phone's neighbour on the LAN gets the same, but for the files themselves.
func FuzzRequestTarget(f *testing.F) {
	for _, tt := range pathAttacks() {
		_, rest, _ := strings.Cut(tt.raw, " ")
		target, _, _ := strings.Cut(rest, " HTTP/1.1\r\n")
		f.Add("GET", target)
	}
	for _, target := range []string{phoneTarget, "/phoneprov/fw.bin", "*", "http://pbx.test" + phoneTarget} {
		for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS", "get"} {
			f.Add(method, target)
		}
	}
	s := newSite(f, "", nil)
	s.Uploads.Mode = UploadsDiscard
	neighbours := s.Options
	s.strangers()
	strangers := s.Options
	f.Fuzz(func(t *testing.T, method, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: pbx.test\r\n\r\n")))
		if err != nil {
			return // net/http's own 400
		}
		r.RemoteAddr = "127.0.0.1:1"
		// New handlers for each input: of one source only so many requests in a second have lines of their own.
		unknown, known := Phones(strangers), Phones(neighbours)
		for _, h := range []http.Handler{unknown, known} {
			s.log.Reset()
			w := serveTest(h, r)
			body, _ := io.ReadAll(w.Body)
			if w.Code >= 500 || h == unknown && w.Code < 400 {
				t.Errorf("got %d", w.Code)
			}
			if text := string(body); w.Code >= 400 && text != "" && text != http.StatusText(w.Code)+"\n" {
				t.Errorf("got %d %q", w.Code, text)
			}
			s.checkLog(t, []reply{{w.Code, w.Header(), ""}})
			if n := s.log.Len(); n > 5<<10 {
				t.Errorf("the log has %d bytes", n)
			}
		}
	})
}
