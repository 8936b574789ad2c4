package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// checkKey marks the context of a request that Check sends. Nobody outside of this process can set it.
type checkKey struct{}

func isCheck(r *http.Request) bool { return r.Context().Value(checkKey{}) != nil }

// Check has h, a handler of Phones, answer a request for a file as it answers a phone, and returns the status of the
// answer. uri is the file's name, as Route.URI has it. The request goes through the same router, lookup, caches and
// rendering. The policy lets it pass, and it is not in the log, the metrics or the ledger.
//
// Check does not return while h is blocked. Its caller decides how long that may last.
func Check(ctx context.Context, h http.Handler, prefix, uri string) (status int) {
	path := prefix + "/" + uri
	r := &http.Request{
		Method: http.MethodHead, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody,
		URL:  &url.URL{Path: path, RawPath: strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), "+", "%2B")},
		Host: "localhost", RemoteAddr: "127.0.0.1:1",
	}
	w := checkWriter{header: http.Header{}}
	h.ServeHTTP(&w, r.WithContext(context.WithValue(ctx, checkKey{}, true)))
	return w.status
}

// checkWriter keeps the status of an answer.
type checkWriter struct {
	header http.Header
	status int
}

func (w *checkWriter) Header() http.Header         { return w.header }
func (w *checkWriter) Write(p []byte) (int, error) { return len(p), nil }

func (w *checkWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}
