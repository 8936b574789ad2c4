package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision/words"
)

//go:embed assets templates/*.html templates/pages/*.html
var files embed.FS

// Site answers people at the admin address.
type Site struct {
	api       *admin.API
	now       func() time.Time
	languages map[*words.Language]map[string]*template.Template // the pages of each language by name
	handler   http.Handler
}

// New returns the Site that shows what an API answers.
func New(api *admin.API) (*Site, error) {
	s := &Site{api: api, now: api.Now, languages: map[*words.Language]map[string]*template.Template{}}
	for _, l := range words.All() {
		pages, err := s.parse(l)
		if err != nil {
			return nil, fmt.Errorf("page in %s: %w", l.Tag, err)
		}
		s.languages[l] = pages
	}
	s.handler = s.router()
	return s, nil
}

// parse returns the templates of all pages in one language. Each has the layout, and the page as "main".
func (s *Site) parse(l *words.Language) (map[string]*template.Template, error) {
	common, err := template.New("").Funcs(s.functions(l)).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	list, err := fs.Glob(files, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range list {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		t, err := common.Clone()
		if err != nil {
			return nil, err
		}
		if _, err = t.New("main").Parse(string(text)); err != nil {
			return nil, err
		}
		pages[strings.TrimSuffix(path.Base(file), ".html")] = t
	}
	return pages, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// policy lets a page load its own style sheet, module and icon, ask this address and send forms to it, and nothing else.
// Only the script's own policy makes HTML of a text.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types phoneprov"

// secure sets the headers of every answer to a person.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// fragmentHeader asks for a page without its layout.
const fragmentHeader = "Phoneprov-Fragment"

// view is what a template sees.
type view struct {
	Language  *words.Language
	Languages []*words.Language
	Theme     string // light, dark, or empty: as the browser wants
	Themes    []string
	Path      string // path and query of the page
	Section   string // the first part of the path: "phones"; empty: the overview
	Title     string // without secrets: it goes into the browser's history
	Live      string // kinds of events that make the page fetch itself again; empty: none
	Fragment  string // path and query that answer the live parts; empty: Path
	Note      string // outcome of an action
	User      string // who is signed in; empty: nobody had to
	Bare      bool   // without the navigation
	Demo      bool   // phones are simulated
	Data      any
}

// shown is a page to show.
type shown struct {
	template string // its name
	title    string
	live     string
	fragment string
	status   int // 0: 200
	bare     bool
	data     any
}

// show answers with a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, p shown) error {
	language := languageOf(r)
	section, _ := firstPart(r.URL.Path)
	v := view{
		Language: language, Languages: words.All(), Theme: themeOf(r), Themes: themes[:], Path: pathOf(r), Section: section,
		Title: p.title, Live: p.live, Fragment: p.fragment, Note: takeNote(w, r), User: UserOf(r), Bare: p.bare, Demo: s.api.Demo, Data: p.data,
	}
	if v.Fragment == "" {
		v.Fragment = v.Path
	}
	name := "layout.html"
	if r.Header.Get(fragmentHeader) != "" {
		name = "fragment.html"
	}
	var text bytes.Buffer
	if err := s.languages[language][p.template].ExecuteTemplate(&text, name, v); err != nil {
		return err
	}
	h := w.Header()
	secure(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", language.Tag)
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(max(p.status, http.StatusOK))
	if r.Method != http.MethodHead {
		_, _ = w.Write(text.Bytes()) // httpapi logs errors of the connection
	}
	return nil
}

// asset answers with a file of assets.
func (s *Site) asset(w http.ResponseWriter, r *http.Request) error {
	name := "assets/" + r.PathValue("name")
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return errNoPage
	}
	h := w.Header()
	secure(h)
	h.Set("Content-Type", map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)])
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // httpapi logs errors of the connection
	}
	return nil
}
