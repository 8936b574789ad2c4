package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Asterisk 16 and 22 read the path of a request as follows (measured; TestPath compares with the oracle). The query is
// cut off. The prefix is compared as it was sent, ignoring case, and one slash follows it. The rest is decoded once,
// with "+" as a blank. The result is the name of the file: no "//", ".." or trailing "/" is cleaned.

// asWritten makes chi route by the path as it was sent, neither decoded nor cleaned, with the prefix in our spelling.
func (a *api) asWritten(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := rawPath(r.URL)
		if n := len(a.Prefix); len(path) > n && strings.EqualFold(path[:n], a.Prefix) {
			path = a.Prefix + path[n:]
		}
		chi.RouteContext(r.Context()).RoutePath = path
		next.ServeHTTP(w, r)
	})
}

// rawPath returns the path as it was sent. EscapedPath alone would encode bytes that the client did not encode, and
// would turn an encoded plus into a bare one.
func rawPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.EscapedPath()
}

// fileName decodes the part of the path after the prefix. A name that contains a NUL is not a file name. Asterisk would
// cut it there, but no phone needs that.
func fileName(raw string) (string, bool) {
	name, err := url.PathUnescape(strings.ReplaceAll(raw, "+", " "))
	return name, err == nil && isFileName(name)
}

// isFileName reports whether a decoded name can be that of a file.
func isFileName(name string) bool { return name != "" && !strings.Contains(name, "\x00") }
