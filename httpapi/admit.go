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

// Access decides who gets files. The zero Access gives files to nobody.
type Access struct {
	Rules        access.Rules
	Proxies      []netip.Prefix          // whose Forwarded and X-Forwarded headers count
	Login        *httpauth.Authenticator // nil: there are no credentials
	Certificates Certificates            // nil: client certificates do not count
	Links        *Links                  // one-time links; nil: there are none
	// CertificateHeader is the header in which Proxies send the certificate of the phone; empty: none.
	CertificateHeader string
	// Unknown bounds the unknown MACs that a source may request, Failed the wrong credentials that it may send; nil:
	// unbounded.
	Unknown, Failed *Budget
}

// Certificates returns the phone whose certificate a connection shows. If there is none, it returns the zero MAC and
// the reason.
type Certificates interface {
	ClientMAC(*tls.ConnectionState) (mac device.MAC, reason string)
}

// Budget bounds what a stranger may try in a period.
type Budget struct {
	*access.Budget
	Period time.Duration // after it, the stranger may try again
}

// Errors of admit.
var (
	errChallenge = errors.New("credentials are asked for")
	errBusy      = errors.New("too many passwords are being checked")
)

// tooManyError refuses a stranger who tried too often. The stranger may try again after wait.
type tooManyError struct{ wait time.Duration }

func (tooManyError) Error() string { return "too many tries" }

// Reasons for a refusal besides those of package access. They are in the log, and fail2ban's filter depends on them.
const (
	reasonNoPhone = "no such phone"
	reasonTooMany = "too many tries"
	reasonBusy    = "too many passwords to check"
	reasonBrowser = "web browser"
	reasonHost    = "host not served"

	// of requests that no handler sees
	reasonMalformed = "malformed request"
	reasonHandshake = "TLS handshake failed"
)

// Reasons for an answer that is not a refusal.
const (
	reasonOutside = "outside of the prefix"
	reasonMethod  = "method not allowed"
	reasonName    = "not a file name"
)

// wanted is the file that a request asks for.
type wanted struct {
	provision.Found
	profile string // whose rules apply
	stored  string // the name of the upload that the phone asks for; empty: it asks for no upload
	known   bool   // the file exists, or may exist
	own     bool   // the file belongs to one phone
}

// seeker finds what a name stands for. If evenly is true, it does the same work for every name, so that its time
// reveals nothing.
type seeker func(s *provision.Snapshot, name string, evenly bool) wanted

// admit returns the file that a request asks for. The error is nil if the request may have the file. Address, denial
// and budget are checked before any lookup, so that the time of a refusal tells a stranger nothing. Credentials are
// checked only if nothing else admits the request: wrong credentials do no harm if none are needed.
func (a *api) admit(w http.ResponseWriter, r *http.Request, e *entry, s *provision.Snapshot, seek seeker) (wanted, error) {
	now := a.Now()
	e.unread = len(s.Missing) > 0
	facts := a.facts(r, e, s)
	reach := a.Access.Rules.Reach(facts.Source)
	if a.stranger(r, facts, reach) {
		f := wanted{Found: provision.Found{Name: device.ReadName(e.file)}}
		f.MAC = f.Name.MAC
		return f, a.decided(w, e, f, a.Access.Rules.Decide(facts), httpauth.None, now)
	}
	f := seek(s, e.file, reach != access.Everywhere)
	if s.Joined() && f.Phone != nil {
		e.pbx, e.restored = f.Phone.PBX(), s.Restored(f.Phone)
	}
	if f.MAC != facts.Link && f.MAC != (device.MAC{}) {
		facts.Link = device.MAC{} // the name is another phone's
	}
	facts.Known, facts.Owned, facts.Profile = f.known, f.own, f.profile
	if f.own {
		facts.Phone = f.MAC
	}
	d := a.Access.Rules.Decide(facts)
	if !a.useLink(r, e, f, d) {
		facts.Link = device.MAC{}
		d = a.Access.Rules.Decide(facts)
	}
	var login httpauth.Result
	if d.Verdict != access.Give && !d.Admitted() && a.Access.Login != nil && !facts.NoLogin {
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

// stranger reports a request that gets nothing, whatever it asks for: its address is in no list, and it has neither
// credentials nor the certificate of a phone; or it comes from a phone that is denied.
func (a *api) stranger(r *http.Request, facts access.Facts, reach access.Reach) bool {
	if reach == access.Everywhere {
		return a.Access.Rules.Denied(facts.Device) || a.Access.Rules.Denied(facts.Certificate)
	}
	return reach == access.Nowhere && !facts.Holder && facts.Link == (device.MAC{}) && (a.Access.Login == nil || r.Header["Authorization"] == nil)
}

// decided carries out a decision of the policy.
func (a *api) decided(w http.ResponseWriter, e *entry, f wanted, d access.Decision, login httpauth.State, now time.Time) error {
	e.reason = string(d.Reason)
	if e.mac = f.MAC; d.Reason == access.NoSuchFile || d.Verdict == access.Give {
		e.phone = f.Phone
	}
	switch d.Verdict {
	case access.Give:
		return nil
	case access.Challenge:
		if login == httpauth.Bad {
			e.refused(e.reason, f.MAC)
		}
		a.Access.Login.Challenge(w.Header(), e.client.device.Vendor, login == httpauth.Stale)
		return errChallenge
	}
	return a.refuse(e, f, d.Reason, now)
}

// facts returns what is known of a request apart from its credentials and its file.
func (a *api) facts(r *http.Request, e *entry, s *provision.Snapshot) access.Facts {
	c := &e.client
	facts := access.Facts{Source: c.addr, Device: c.device.MAC, NoLogin: a.over != "", Link: a.linkOf(r, e)}
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

// credentials translates what httpauth found for the policy.
var credentials = map[httpauth.State]access.Credentials{
	httpauth.OK: access.GoodCredentials, httpauth.Bad: access.BadCredentials, httpauth.Stale: access.StaleCredentials,
}

// refuse answers a request that may not have the file, as if the file did not exist: with 404, or with 429 if the
// source asked for too many unknown MACs. The answer is the same for every refusal, so that nobody can tell them apart.
// A request of an admitted phone for a file that does not exist is not a refusal, unless the name has the MAC of an
// unknown phone. Until each Asterisk was read, any name may be one of a phone that is not known yet: whoever asks has to
// ask again.
func (a *api) refuse(e *entry, f wanted, reason access.Reason, now time.Time) error {
	if e.unread && (reason != access.NoSuchFile || f.Phone == nil) {
		return errPartUnread
	}
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

// within counts a MAC against the budget of a source, and reports whether the source is within the budget.
func (b *Budget) within(source access.Source, mac device.MAC, now time.Time) bool {
	if mac == (device.MAC{}) {
		return !b.Over(source, now)
	}
	return b.Spend(source, mac.String(), now)
}

// failedWider is the factor by which a source may fail more often than failed_logins: with all user names together, and
// with the same wrong password. An office where a few phones have an old password stays below that.
const failedWider = 10

// checkLogin checks the credentials of a request. Credentials that were right before are accepted at once. Otherwise a
// source that failed too often has to wait: it failed with this user name, with this Authorization header, or in all.
//
// Two users are checked although their user name failed too often. A user who was right from this source before: after
// a boot the phone has a new nonce, and its right password must work while somebody else guesses behind the same NAT;
// the bound for the whole source ends the guessing. And a user that all phones share: a phone with an old password must
// not lock out the others behind its address. A wrong password of a shared user is answered like that of any other, so
// that nobody can tell which users are shared.
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
		a.failedWider.Spend(source.Of(header), strconv.FormatInt(a.failures.Add(1), 10), now) // so that each failure counts
		if over {
			return result, tooManyError{failed.Period}
		}
	case result.State == httpauth.OK:
		a.wasRight.Put(source.Of(user), struct{}{}, 0)
		a.warnPlain(c)
	}
	return result, nil
}

// warnPlain logs, once, that passwords cross the Internet unencrypted.
func (a *api) warnPlain(c *client) {
	if c.scheme == "https" || access.Local(c.addr) {
		return
	}
	a.plain.Do(func() {
		a.Log.Warn().Stringer("remote", c.addr).
			Msg("credentials come over plain HTTP from a public address: use https.listen; this is not said again")
	})
}

// warnProxy logs, once, that a proxy is missing in the settings. Its address would make the whole Internet a part of
// the LAN.
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
