package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Asterisk 16 and 22 read the path of a request so (measured; TestPath holds the rows against the oracle): the query is
// cut off; the prefix is compared as it was sent, without regard to case, and one slash follows it; the rest is decoded
// once, with "+" a blank, and is the name of the file as it then stands: no "//", ".." or "/" at its end is cleaned.

// asWritten makes chi route by the path as it was sent, neither decoded nor cleaned, its prefix in our spelling.
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

// rawPath is the path as it was sent. EscapedPath would encode it anew where the client left bytes unencoded, and an
// encoded plus would become a bare one.
func rawPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.EscapedPath()
}

// fileName decodes what follows the prefix. A name with a NUL is none: Asterisk would cut it off there, which no phone
// needs.
func fileName(raw string) (string, bool) {
	name, err := url.PathUnescape(strings.ReplaceAll(raw, "+", " "))
	return name, err == nil && name != "" && !strings.Contains(name, "\x00")
}
