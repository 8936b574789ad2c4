package httpapi

import (
	"errors"
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Admins are who may use the admin address, and what they get there besides /healthz and /readyz. The zero Admins are
// everybody, who get nothing more.
type Admins struct {
	Login  *httpauth.Admins // nil: nobody need sign in
	Failed *Budget          // bounds the credentials that are wrong; nil: nothing does
	// Handler answers all paths but /healthz and /readyz; nil: nothing does. Its panics and what it writes are logged here.
	Handler http.Handler
	// Problem is the body of an error of a path under /api/, in JSON; nil: it is text as elsewhere.
	Problem func(status int) string
}

// errOrigin refuses what another site's page asks for.
var errOrigin = errors.New("a page of another origin asks")

// admins lets a request through to h if it comes from no other site's page, and from somebody who may use the admin
// address.
func (a *api) admins(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, e *entry) error {
		if crossOrigin(r) {
			e.refused(reasonBrowser, device.MAC{})
			return errOrigin
		}
		if err := a.signIn(w, r, e); err != nil {
			return err
		}
		return h(w, r, e)
	}
}

// crossOrigin reports a request of another origin's page, whatever its method: an answer to GET may be a secret. Only a link
// that a person follows may come from another site.
func crossOrigin(r *http.Request) bool {
	if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && r.Header.Get("Origin") == "" {
		return false
	}
	unsafe := *r
	unsafe.Method = http.MethodPost // which CrossOriginProtection does not let through unseen
	var protection http.CrossOriginProtection
	return protection.Check(&unsafe) != nil
}

// signIn checks the credentials of a request. Tries are bounded by source; credentials that were right from a source
// before count beyond its bound too, so that nobody behind the same address locks an admin out.
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
	login.Challenge(w.Header())
	return errChallenge
}

// adminAPI hands a request to what answers admins. Actions, and what was asked for with ?secrets=true, are in the log.
func (a *api) adminAPI(w http.ResponseWriter, r *http.Request, e *entry) error {
	e.secrets = r.URL.Query().Get("secrets") == "true"
	e.notable = e.secrets || r.Method != http.MethodGet && r.Method != http.MethodHead
	a.Admins.Handler.ServeHTTP(w, r)
	return nil
}
