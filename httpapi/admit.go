package httpapi

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision"
)

// Access is who gets files. The zero Access gives them to nobody.
type Access struct {
	Rules        access.Rules
	Proxies      []netip.Prefix          // whose X-Forwarded headers are believed
	Login        *httpauth.Authenticator // checks credentials; nil: there are none
	Certificates Certificates            // checks client certificates; nil: there are none
	// CertificateHeader is where Proxies say which certificate the phone has shown them; empty: nowhere.
	CertificateHeader string
	// Unknown bounds the MACs that a source may ask for in vain, Failed the credentials that are wrong; nil: nothing does.
	Unknown, Failed *Budget
}

// Certificates tells which phone a connection's certificate proves; the zero MAC: none, and the reason.
type Certificates interface {
	ClientMAC(*tls.ConnectionState) (mac provision.MAC, reason string)
}

// Budget bounds what a stranger may try.
type Budget struct {
	*access.Budget
	Period time.Duration // after which the stranger may try again
}

// What admit refuses with.
var (
	errAsk  = errors.New("credentials are asked for")
	errBusy = errors.New("too many passwords are being checked")
)

// tooManyError is a stranger's that must wait.
type tooManyError struct{ wait time.Duration }

func (tooManyError) Error() string { return "too many tries" }

// Reasons of a refusal that are not the policy's own: the log and fail2ban's filter keep them.
const (
	reasonNoPhone = "no such phone"
	reasonTooMany = "too many tries"
	reasonBusy    = "too many passwords to check"
)

// wanted is the file that a request is about.
type wanted struct {
	mac     provision.MAC    // of the phone, or in the name; zero: none
	phone   *provision.Phone // that is served and has the MAC; nil: none
	profile string           // of the file
	known   bool             // there is such a file, or may be
	own     bool             // and it is the phone's own
}

// admit says nothing where the request may have the file, and else how to refuse it. Credentials are looked at where there
// is nothing else: they may be wrong where they are not needed.
func (a *api) admit(w http.ResponseWriter, r *http.Request, e *entry, s *provision.Snapshot, f wanted) error {
	now := a.Now()
	facts := a.facts(r, e, s, f)
	d := a.Access.Rules.Decide(facts)
	var login httpauth.Result
	if d.Verdict != access.Give && !d.Admitted() && a.Access.Login != nil {
		var err error
		if login, err = a.checkLogin(r, &e.client, f.mac, now); err != nil {
			e.refused(reasonOf(err), f.mac)
			return err
		}
		facts.Credentials, facts.User = credentials[login.State], login.MAC
		d = a.Access.Rules.Decide(facts)
	}
	e.reason = string(d.Reason)
	if e.mac = f.mac; d.Reason == access.NoSuchFile || d.Verdict == access.Give {
		e.phone = f.phone
	}
	switch d.Verdict {
	case access.Give:
		return nil
	case access.Ask:
		if login.State == httpauth.Bad {
			e.refused(e.reason, f.mac)
		}
		a.Access.Login.Challenge(w.Header(), e.client.device.Vendor, login.State == httpauth.Stale)
		return errAsk
	}
	return a.refuse(e, s, f, d.Reason, now)
}

// facts is what is known of a request without its credentials.
func (a *api) facts(r *http.Request, e *entry, s *provision.Snapshot, f wanted) access.Facts {
	c := &e.client
	facts := access.Facts{Source: c.addr, Device: c.device.MAC, Known: f.known, Owned: f.own, Profile: f.profile}
	if c.hidden {
		facts.Source = netip.Addr{}
		a.warnProxy(c)
	}
	if f.own {
		facts.Phone = f.mac
	}
	shown, fault := a.presented(r)
	if e.certificate = fault; a.Access.Certificates != nil && shown != nil && len(shown.PeerCertificates) > 0 {
		facts.Certificate, e.certificate = a.Access.Certificates.ClientMAC(shown)
		facts.CertificateFault = e.certificate != ""
		facts.Holder = !facts.CertificateFault && s.Phone(facts.Certificate.String()) != nil
	}
	return facts
}

// credentials are the policy's words for what httpauth found.
var credentials = map[httpauth.State]access.Credentials{
	httpauth.OK: access.GoodCredentials, httpauth.Bad: access.BadCredentials, httpauth.Stale: access.StaleCredentials,
}

// refuse answers as for a name that is not there, or where too many of those were asked for with 429. What an admitted
// phone asks for in vain under its own name, as all do, is no stranger's try.
func (a *api) refuse(e *entry, s *provision.Snapshot, f wanted, reason access.Reason, now time.Time) error {
	if f.known { // the same work too: a search for a name that is not there
		name := e.file + "\x00"
		a.find(s, s.Lookup(name), name)
	}
	if f.mac == (provision.MAC{}) || reason == access.NoSuchFile && f.phone != nil {
		if reason != access.NoSuchFile {
			e.refused(string(reason), f.mac)
		}
		return errNotFound
	}
	if reason == access.NoSuchFile {
		e.reason = reasonNoPhone
	}
	err := errNotFound
	if b := a.Access.Unknown; b != nil && !b.Spend(access.SourceOf(e.client.addr), f.mac.String(), now) {
		e.reason, err = reasonTooMany, tooManyError{b.Period}
	}
	e.refused(e.reason, f.mac)
	return err
}

// checkLogin checks the credentials of a request, unless its source has tried too many for that user.
func (a *api) checkLogin(r *http.Request, c *client, mac provision.MAC, now time.Time) (httpauth.Result, error) {
	failed := a.Access.Failed
	who := access.SourceOf(c.addr).Of(httpauth.User(r))
	if failed != nil && r.Header.Get("Authorization") != "" && failed.Over(who, now) {
		return httpauth.Result{}, tooManyError{failed.Period}
	}
	result := a.Access.Login.Check(r, mac)
	switch {
	case result.State == httpauth.Busy:
		return result, errBusy
	case result.State == httpauth.Bad && failed != nil:
		failed.Spend(who, r.Header.Get("Authorization"), now)
	case result.State == httpauth.OK:
		a.warnPlain(c)
	}
	return result, nil
}

// warnPlain says once that a password crosses the Internet in the clear, or nearly so.
func (a *api) warnPlain(c *client) {
	if c.scheme == "https" || access.Local(c.addr) {
		return
	}
	a.plain.Do(func() {
		a.Log.Warn().Stringer("remote", c.addr).
			Msg("credentials come over plain HTTP from a public address: use https.listen; this is not said again")
	})
}

// warnProxy says once that a proxy was forgotten in the settings: it would make all of the Internet one of our LAN.
func (a *api) warnProxy(c *client) {
	a.proxy.Do(func() {
		a.Log.Warn().Stringer("remote", c.addr).
			Msg("X-Forwarded-For comes from an address that is not in access.trusted_proxies: who comes that way has no address that counts; this is not said again")
	})
}

func reasonOf(err error) string {
	if errors.Is(err, errBusy) {
		return reasonBusy
	}
	return reasonTooMany
}
