package httpapi

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Access is who gets files. The zero Access gives them to nobody.
type Access struct {
	Rules        access.Rules
	Proxies      []netip.Prefix          // whose Forwarded and X-Forwarded headers are believed
	Login        *httpauth.Authenticator // checks credentials; nil: there are none
	Certificates Certificates            // checks client certificates; nil: there are none
	// CertificateHeader is where Proxies say which certificate the phone has shown them; empty: nowhere.
	CertificateHeader string
	// Unknown bounds the MACs that a source may ask for in vain, Failed the credentials that are wrong; nil: nothing does.
	Unknown, Failed *Budget
}

// Certificates tells which phone a connection's certificate proves; the zero MAC: none, and the reason.
type Certificates interface {
	ClientMAC(*tls.ConnectionState) (mac device.MAC, reason string)
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
	reasonBrowser = "web browser"
	reasonHost    = "host not served"

	// of requests that no handler sees; the log and fail2ban's filter keep them too
	reasonMalformed = "malformed request"
	reasonHandshake = "TLS handshake failed"
)

// Reasons of an answer that are no refusal.
const (
	reasonOutside = "outside of the prefix"
	reasonMethod  = "method not allowed"
	reasonName    = "not a file name"
)

// wanted is the file that a request is about.
type wanted struct {
	provision.Found
	profile string // of the file
	stored  string // the name under which its phone sent what it asks for now; empty: it did not
	known   bool   // there is such a file, or may be
	own     bool   // and it is the phone's own
}

// seeker tells what a name stands for. It may do the same work for every name, so that its time tells nothing.
type seeker func(s *provision.Snapshot, name string, evenly bool) wanted

// admit returns the file that a request is about, and nil if the request may have it, else the refusal. Address, denial and
// budget come before any lookup, so that a stranger learns nothing from the order. Credentials are checked only where nothing
// else admits: wrong ones do no harm where none are needed.
func (a *api) admit(w http.ResponseWriter, r *http.Request, e *entry, s *provision.Snapshot, seek seeker) (wanted, error) {
	now := a.Now()
	facts := a.facts(r, e, s)
	reach := a.Access.Rules.Reach(facts.Source)
	if a.stranger(r, facts, reach) {
		f := wanted{Found: provision.Found{Name: device.ReadName(e.file)}}
		f.MAC = f.Name.MAC
		return f, a.decided(w, e, f, a.Access.Rules.Decide(facts), httpauth.None, now)
	}
	f := seek(s, e.file, reach != access.Everywhere)
	facts.Known, facts.Owned, facts.Profile = f.known, f.own, f.profile
	if f.own {
		facts.Phone = f.MAC
	}
	d := a.Access.Rules.Decide(facts)
	var login httpauth.Result
	if d.Verdict != access.Give && !d.Admitted() && a.Access.Login != nil {
		var err error
		login, err = a.checkLogin(r, &e.client, f.MAC, now)
		if e.login = login.Reason; err != nil {
			e.mac = f.MAC
			e.refused(reasonOf(err), f.MAC)
			return f, err
		}
		facts.Credentials, facts.User = credentials[login.State], login.MAC
		d = a.Access.Rules.Decide(facts)
	}
	return f, a.decided(w, e, f, d, login.State, now)
}

// stranger reports a request that gets nothing, whatever it asks for: from no address that any list has, with no certificate
// of a phone and no credentials; or from or for a phone that is denied.
func (a *api) stranger(r *http.Request, facts access.Facts, reach access.Reach) bool {
	if reach == access.Everywhere {
		return a.Access.Rules.Denied(facts.Device) || a.Access.Rules.Denied(facts.Certificate)
	}
	return reach == access.Nowhere && !facts.Holder && (a.Access.Login == nil || r.Header["Authorization"] == nil)
}

// decided does what the policy says.
func (a *api) decided(w http.ResponseWriter, e *entry, f wanted, d access.Decision, login httpauth.State, now time.Time) error {
	e.reason = string(d.Reason)
	if e.mac = f.MAC; d.Reason == access.NoSuchFile || d.Verdict == access.Give {
		e.phone = f.Phone
	}
	switch d.Verdict {
	case access.Give:
		return nil
	case access.Ask:
		if login == httpauth.Bad {
			e.refused(e.reason, f.MAC)
		}
		a.Access.Login.Challenge(w.Header(), e.client.device.Vendor, login == httpauth.Stale)
		return errAsk
	}
	return a.refuse(e, f, d.Reason, now)
}

// facts is what is known of a request without its credentials and its file.
func (a *api) facts(r *http.Request, e *entry, s *provision.Snapshot) access.Facts {
	c := &e.client
	facts := access.Facts{Source: c.addr, Device: c.device.MAC}
	if c.hidden != "" {
		facts.Source = netip.Addr{}
		a.warnProxy(c)
	}
	shown, fault := a.presented(r)
	if e.certificate = fault; a.Access.Certificates != nil && shown != nil && len(shown.PeerCertificates) > 0 {
		facts.Certificate, e.certificate = a.Access.Certificates.ClientMAC(shown)
		facts.CertificateFault = e.certificate != ""
		facts.Holder = !facts.CertificateFault && s.PhoneOf(facts.Certificate) != nil
	}
	return facts
}

// credentials are the policy's words for what httpauth found.
var credentials = map[httpauth.State]access.Credentials{
	httpauth.OK: access.GoodCredentials, httpauth.Bad: access.BadCredentials, httpauth.Stale: access.StaleCredentials,
}

// refuse answers as for a name that is not there, or with 429 where the source has asked for too many MACs: for whatever is
// refused it, so that nothing can be told apart. What an admitted phone asks for in vain, as all do, is no stranger's try and
// no refusal; unless it is the file of a phone that is not there.
func (a *api) refuse(e *entry, f wanted, reason access.Reason, now time.Time) error {
	if reason == access.NoSuchFile {
		if f.MAC == (device.MAC{}) || f.Phone != nil {
			return errNotFound
		}
		e.reason = reasonNoPhone
	}
	err := errNotFound
	if b := a.Access.Unknown; b != nil && !b.within(access.SourceOf(e.client.addr), f.MAC, now) {
		e.reason, err = reasonTooMany, tooManyError{b.Period}
	}
	e.refused(e.reason, f.MAC)
	return err
}

// within spends a MAC of a source's budget, if there is one, and reports whether the source is still within it.
func (b *Budget) within(source access.Source, mac device.MAC, now time.Time) bool {
	if mac == (device.MAC{}) {
		return !b.Over(source, now)
	}
	return b.Spend(source, mac.String(), now)
}

// failedWider is how many times failed_logins a source may fail in all, whatever the user names, and with one and the same
// wrong password: an office with a few phones that have an old one stays below.
const failedWider = 10

// checkLogin checks the credentials of a request. What was right before passes first. Else a source that failed too often
// waits: with that user name, with that very Authorization header, or in all.
//
// A user who was right from the source before is checked for too: a phone that boots has a new nonce, and its right password
// must work behind a NAT where somebody else guesses. The bound of all failures of the source then ends the guessing.
//
// A user whom all phones share is checked for even where its user name has failed too often: one phone with an old password
// must not lock out the others behind its address. What is wrong is then answered like any other user's, so that nobody
// can tell which names are shared.
func (a *api) checkLogin(r *http.Request, c *client, mac device.MAC, now time.Time) (httpauth.Result, error) {
	login, failed := a.Access.Login, a.Access.Failed
	source := access.SourceOf(c.addr)
	from := httpauth.Client{Source: source, Vendor: c.device.Vendor}
	header := r.Header.Get("Authorization")
	if result, ok := login.Verified(r, mac, from); ok {
		a.warnPlain(c)
		return result, nil
	}
	user, shared := login.User(r, mac)
	over := false
	if failed != nil && header != "" {
		over = failed.Over(source.Of(user), now)
		_, wasRight := a.wasRight.Get(source.Of(user))
		if over && !shared && !wasRight || a.failedWider.Over(source, now) || a.failedWider.Over(source.Of(header), now) {
			return httpauth.Result{}, tooManyError{failed.Period}
		}
	}
	result := login.Check(r, mac, from)
	switch {
	case result.State == httpauth.Busy:
		return result, errBusy
	case result.State == httpauth.Bad && failed != nil:
		failed.Spend(source.Of(user), header, now)
		a.failedWider.Spend(source, header, now)
		a.failedWider.Spend(source.Of(header), strconv.FormatInt(a.failures.Add(1), 10), now) // each time counts
		if over {
			return result, tooManyError{failed.Period}
		}
	case result.State == httpauth.OK:
		a.wasRight.Put(source.Of(user), struct{}{}, 0)
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
			Msg(c.hidden + " comes from an address that is not in access.trusted_proxies: who comes that way has no address that counts; this is not said again")
	})
}

func reasonOf(err error) string {
	if errors.Is(err, errBusy) {
		return reasonBusy
	}
	return reasonTooMany
}
