package page

import (
	"errors"
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/httpapi/admin"
)

// handler answers a person. Its error becomes a page.
type handler func(http.ResponseWriter, *http.Request) error

// errNoPage is the error of a path without a page.
var errNoPage = errors.New("there is no such page")

// router returns the table of all paths.
func (s *Site) router() http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]handler{
		"GET /{$}":           s.overview,
		"GET /phones":        s.phones,
		"GET /phones/{mac}":  s.phone,
		"GET /strangers":     s.strangers,
		"GET /problems":      s.problems,
		"GET /requests":      s.requests,
		"GET /syncs":         s.syncs,
		"GET /settings":      s.settings,
		"GET /profiles":      s.profiles,
		"GET /assets/{name}": s.asset,
		"GET /favicon.ico":   s.favicon,
		"POST /confirm":      s.confirm,
		"POST /reload":       s.reload,
		"POST /display":      s.display,
		"POST /phones/{mac}": s.reveal,
		"POST /resync/{mac}": s.resync,
		"/":                  func(http.ResponseWriter, *http.Request) error { return errNoPage },
	} {
		mux.Handle(path, s.serve(h))
	}
	var protection http.CrossOriginProtection
	protection.SetDenyHandler(s.serve(func(http.ResponseWriter, *http.Request) error { return errOtherSite }))
	return protection.Handler(mux)
}

// errOtherSite refuses a form of another site.
var errOtherSite = errors.New("a page of another site sent this")

// serve calls a handler and shows its error.
func (s *Site) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		status, text := admin.StatusOf(err)
		switch {
		case errors.Is(err, errNoPage):
			status = http.StatusNotFound
		case errors.Is(err, errOtherSite):
			status = http.StatusForbidden
		}
		t := languageOf(r)
		title := t.Text("error.title")
		if status == http.StatusNotFound {
			title = t.Text("error.notfound")
		}
		if err := s.show(w, r, shown{template: "error", title: title, status: status, data: t.Said(text)}); err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	})
}

// firstPart returns the first part of a path, and the rest.
func firstPart(path string) (first, rest string) {
	first, rest, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first, rest
}

// pathOf returns the path and query of a request, for links back.
func pathOf(r *http.Request) string {
	if r.Method == http.MethodPost { // a form's answer is no place to return to
		return r.URL.EscapedPath()
	}
	return r.URL.RequestURI()
}

func (s *Site) favicon(w http.ResponseWriter, r *http.Request) error {
	r.SetPathValue("name", "icon.svg")
	return s.asset(w, r)
}
