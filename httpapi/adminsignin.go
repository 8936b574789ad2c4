package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/phoneprov/phoneprov/httpapi/httpauth"
)

// The paths of signing in and out.
const (
	signInPath  = "/signin"
	signOutPath = "/signout"
)

// SignInForm is what the page of signing in shows.
type SignInForm struct {
	To      string // the path that the reader wanted
	Name    string // that the reader typed
	Names   bool   // people sign in with a name and a password
	Tokens  bool   // a token signs in too
	Outcome int    // status of the last try: 401 wrong, 429 too many, 503 busy; 0: there was none
}

// maxSignIn bounds the form in bytes: a name, a password, a path.
const maxSignIn = 8 << 10

// isPublic reports whether a path of Admins.Handler needs no login: the page of signing in uses it, and nothing in it
// is secret.
func isPublic(r *http.Request) bool {
	path := r.URL.Path
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	return read && (strings.HasPrefix(path, "/assets/") || path == "/favicon.ico") || r.Method == http.MethodPost && path == "/display"
}

// byPerson reports that a person's browser sent the request. It gets a page instead of a Basic challenge, at which the
// browser would ask for a password by itself and keep it.
func byPerson(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") || strings.HasPrefix(name, "Phoneprov-") { // the latter are of our script
			return true
		}
	}
	return wantsPage(r) || strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// wantsPage reports that the answer is shown to a person.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// adminKey is the key of the admin's name in a request's context.
type adminKey struct{}

// SignedIn returns who is signed in by a session; empty: the request has credentials, or needs none.
func SignedIn(r *http.Request) string {
	name, _ := r.Context().Value(adminKey{}).(string)
	return name
}

// inSession returns the request with the name of its session's admin, and a function to call after the answer. It
// returns nil if no session signs the request in. The request's context ends with the session. A session ends with its
// credentials: with the removal or another password of its user, or with its token.
func (a *api) inSession(r *http.Request, e *entry) (*http.Request, func()) {
	if a.sessions == nil || len(r.Header.Values("Authorization")) > 0 {
		return nil, nil
	}
	user, stamp, ended := a.sessions.find(r, &e.client)
	if user == "" || !a.Admins.Login.Holds(user, stamp) {
		return nil, nil
	}
	e.admin = user
	a.warnPlain(&e.client)
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), adminKey{}, user))
	stop := context.AfterFunc(ended, cancel)
	return r.WithContext(ctx), func() { stop(); cancel() }
}

// ledToSignIn answers a browser that is not signed in: it leads a person to the page of signing in, and back.
func (a *api) ledToSignIn(w http.ResponseWriter, r *http.Request) bool {
	if a.sessions == nil || len(r.Header.Values("Authorization")) > 0 || !wantsPage(r) {
		return false
	}
	to := "/"
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		to = r.URL.RequestURI()
	}
	leadTo(w, signInPath+"?"+url.Values{"to": {localPath(to)}}.Encode())
	return true
}

func leadTo(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// localPath returns a path of this address, or "/" for anything else, so that nobody is led to another site.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") || u.Path == signInPath || u.Path == signOutPath {
		return "/"
	}
	return to
}

// signInPage shows the form.
func (a *api) signInPage(w http.ResponseWriter, r *http.Request, e *entry) error {
	private(w.Header())
	if crossOrigin(r) {
		return errOrigin
	}
	to := localPath(cmp.Or(r.URL.Query().Get("to"), "/"))
	if _, done := a.inSession(r, e); done != nil {
		done()
		leadTo(w, to)
		return nil
	}
	return a.showSignIn(w, r, SignInForm{To: to})
}

func (a *api) showSignIn(w http.ResponseWriter, r *http.Request, f SignInForm) error {
	f.Names, f.Tokens = a.Admins.Login.Ways()
	a.Admins.SignIn(w, r, f)
	return nil
}

// signInByForm checks the form and begins a session. The tries are bounded as those of API clients, and together with
// them.
func (a *api) signInByForm(w http.ResponseWriter, r *http.Request, e *entry) error {
	e.notable = true
	private(w.Header())
	if crossOrigin(r) {
		return errOrigin
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxSignIn)
	if err := r.ParseForm(); err != nil {
		if _, isLarge := errors.AsType[*http.MaxBytesError](err); isLarge {
			return errTooLarge
		}
		return errHalf
	}
	form := SignInForm{To: localPath(r.PostForm.Get("to")), Name: r.PostForm.Get("name")}
	withCredentials := r.Clone(r.Context())
	withCredentials.Header.Del("Authorization")
	httpauth.SetCredentials(withCredentials, form.Name, r.PostForm.Get("password"))
	err := a.signIn(w, withCredentials, e)
	if err == nil {
		if err = a.sessions.begin(w, r, &e.client, e.admin, a.Admins.Login.Stamp(withCredentials)); err != nil {
			return err
		}
		leadTo(w, form.To)
		return nil
	}
	if form.Outcome = statusOf(err, r); form.Outcome == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", pageChallenge)
	}
	a.retryAfter(w.Header(), err, form.Outcome)
	return errors.Join(err, a.showSignIn(w, r, form))
}

// signOut ends the session.
func (a *api) signOut(w http.ResponseWriter, r *http.Request, e *entry) error {
	e.notable = true
	private(w.Header())
	if crossOrigin(r) {
		return errOrigin
	}
	if user, _, _ := a.sessions.find(r, &e.client); user != "" {
		e.admin = user
	}
	if err := a.sessions.end(w, r, &e.client); err != nil {
		return err
	}
	leadTo(w, signInPath)
	return nil
}

// noSignOut answers a link to the path of signing out. Only a form signs out.
func (a *api) noSignOut(w http.ResponseWriter, _ *http.Request, _ *entry) error {
	private(w.Header())
	leadTo(w, "/")
	return nil
}

// private sets the headers of every answer to admins: no page of another site frames it. A handler may set a policy of
// its own. responseWriter keeps every answer out of caches.
func private(h http.Header) {
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}
