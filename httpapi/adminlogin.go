package httpapi

import (
	"errors"
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Admins says who may use the admin address, and what it serves besides /healthz and /readyz. The zero Admins lets
// everybody in and serves nothing more.
type Admins struct {
	Login  *httpauth.Admins // nil: no login is needed
	Failed *Budget          // bounds wrong credentials; nil: no bound
	// Handler answers all paths except /healthz and /readyz. If nil, those paths are 404. Its panics and its answers
	// are logged here.
	Handler http.Handler
	// Problem returns the JSON body of an error on a path under /api/. If nil, errors are text as elsewhere.
	Problem func(status int) string
	// SignIn shows the page of signing in. It writes the whole answer, with SignInForm.Outcome as its status if that is
	// not 0. If nil, or without Login, there are no sessions.
	SignIn func(http.ResponseWriter, *http.Request, SignInForm)
}

// errOrigin refuses a request from another site's page.
var errOrigin = errors.New("a page of another origin asks")

// admins passes a request to h if no other site's page sent it and the sender may use the admin address.
func (a *api) admins(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, e *entry) error {
		private(w.Header())
		if crossOrigin(r) {
			e.refused(reasonBrowser, device.MAC{})
			return errOrigin
		}
		if a.sessions != nil && isPublic(r) {
			return h(w, r, e)
		}
		if signedIn, done := a.inSession(r, e); signedIn != nil {
			defer done()
			return h(w, signedIn, e)
		}
		if len(r.Header.Values("Authorization")) == 0 && a.ledToSignIn(w, r) {
			return nil
		}
		if err := a.signIn(w, r, e); err != nil {
			return err
		}
		return h(w, r, e)
	}
}

// crossOrigin reports whether another origin's page sent the request. It checks every method, because the answer to a
// GET may be a secret. A person may follow a link from another site.
func crossOrigin(r *http.Request) bool {
	if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && r.Header.Get("Origin") == "" {
		return false
	}
	unsafe := *r
	unsafe.Method = http.MethodPost // CrossOriginProtection checks only unsafe methods
	var protection http.CrossOriginProtection
	return protection.Check(&unsafe) != nil
}

// pageChallenge is the challenge to a page of ours. No browser asks for a password at it.
const pageChallenge = "Cookie realm=\"" + httpauth.AdminRealm + "\", form-action=\"" + signInPath + "\""

// signIn checks the credentials of a request. A budget bounds the tries of each source. If a source exceeds it,
// credentials that were right from that source before are still checked, so that nobody behind the same address locks
// an admin out.
func (a *api) signIn(w http.ResponseWriter, r *http.Request, e *entry) error {
	login, failed, now := a.Admins.Login, a.Admins.Failed, a.Now()
	if login == nil {
		return nil
	}
	source := access.SourceOf(e.client.addr)
	header := r.Header.Get("Authorization")
	if failed != nil && failed.Over(source, now) {
		if _, before := a.wasRight.Get(source.Of(header)); !before || header == "" {
			e.refused(reasonTooMany, device.MAC{})
			return tooManyError{failed.Period}
		}
	}
	result := login.Check(r, httpauth.Client{Source: source})
	e.login = result.Reason
	switch result.State {
	case httpauth.OK:
		a.wasRight.Put(source.Of(header), struct{}{}, 0)
		e.admin = result.User
		a.warnPlain(&e.client)
		return nil
	case httpauth.Busy:
		e.refused(reasonBusy, device.MAC{})
		return errBusy
	case httpauth.Bad:
		e.refused(string(access.WrongCredentials), device.MAC{})
		if failed != nil {
			failed.Spend(source, header, now)
		}
	}
	if a.sessions != nil && byPerson(r) {
		w.Header().Add("WWW-Authenticate", pageChallenge)
	} else {
		login.Challenge(w.Header())
	}
	return errChallenge
}

// adminAPI passes a request to Admins.Handler. It logs actions, and requests with ?secrets=true.
func (a *api) adminAPI(w http.ResponseWriter, r *http.Request, e *entry) error {
	e.secrets = r.URL.Query().Get("secrets") == "true"
	e.notable = e.secrets || r.Method != http.MethodGet && r.Method != http.MethodHead
	a.Admins.Handler.ServeHTTP(w, r)
	return nil
}
