package access

import (
	"net/netip"
	"slices"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Rules are the access settings of phoneprov.ini. The zero Rules give nobody a file.
type Rules struct {
	Allow []netip.Prefix // addresses that are enough, if the profile has no list of its own
	Deny  []device.MAC
	// Profiles have lists of their own, by name. Allow replaces Rules.Allow; Deny adds to Rules.Deny.
	Profiles map[string]ProfileRules
	// Credentials says that there are credentials. Decide challenges a client whom it does not know otherwise.
	Credentials bool
}

// ProfileRules are the access settings of a section [profile NAME].
type ProfileRules struct {
	Allow []netip.Prefix // nil: Rules.Allow counts; empty: no address is enough
	Deny  []device.MAC
	// NoCredentials and NoCertificates say that they do not count for the profile's phones.
	NoCredentials, NoCertificates bool
}

// DefaultAllow are the networks of a LAN: loopback, private (RFC 1918, RFC 4193) and link-local (RFC 3927, RFC 4291).
func DefaultAllow() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("fc00::/7"),
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"),
	}
}

// Local reports whether an address is of a LAN (see DefaultAllow).
func Local(a netip.Addr) bool { return contains(DefaultAllow(), a) }

// Reach says for which profiles an address is enough.
type Reach uint8

// The zero Reach is Nowhere.
const (
	Nowhere    Reach = iota // for none
	Somewhere               // for some
	Everywhere              // for all
)

// Reach says for which profiles an address is enough.
func (r *Rules) Reach(source netip.Addr) Reach {
	all := contains(r.Allow, source)
	some := all
	for _, p := range r.Profiles {
		if p.Allow == nil {
			continue
		}
		if contains(p.Allow, source) {
			some = true
		} else {
			all = false
		}
	}
	switch {
	case all:
		return Everywhere
	case some:
		return Somewhere
	}
	return Nowhere
}

// Denied reports whether a MAC gets nothing from any profile.
func (r *Rules) Denied(mac device.MAC) bool {
	return mac != (device.MAC{}) && slices.Contains(r.Deny, mac)
}

// Facts are the facts about a request and the file that it asks for.
type Facts struct {
	Source netip.Addr // the address of the phone; the zero Addr is in no list
	// Device is the MAC in the User-Agent; zero: there is none.
	Device device.MAC
	// Certificate is the MAC of a verified client certificate; zero: there is none, or CertificateFault.
	Certificate      device.MAC
	CertificateFault bool
	Holder           bool // there is a phone with the MAC of Certificate
	Credentials      Credentials
	User             device.MAC // the phone that the credentials belong to; zero: all phones share them
	Link             device.MAC // the phone that the request's one-time link belongs to; zero: there is no link
	NoLogin          bool       // the protocol of the request has neither credentials nor certificates

	Known   bool       // the file exists
	Owned   bool       // the file belongs to one phone
	Phone   device.MAC // the phone that the file belongs to; zero: phones share the file, or the phone has no MAC
	Profile string     // the file's profile; if there is no file, the profile of the phone whose MAC is in the name
}

// Credentials is the result of checking a request's user name and password.
type Credentials uint8

// The zero value is NoCredentials.
const (
	NoCredentials    Credentials = iota
	GoodCredentials              // right, and their phone may have the file
	BadCredentials               // wrong, or another phone's
	StaleCredentials             // right, but the nonce is too old
)

// Verdict says what to do with a request.
type Verdict uint8

// The zero Verdict is Refuse.
const (
	Refuse    Verdict = iota // answer as if the file did not exist
	Challenge                // challenge for credentials
	Give
)

// Reason says why. The words never change, because the log and fail2ban's filter depend on them.
type Reason string

// The reasons.
const (
	ByAddress     Reason = "address"
	ByCredentials Reason = "credentials"
	ByCertificate Reason = "certificate"
	ByLink        Reason = "one-time link"

	NoSuchFile        Reason = "no such file"
	AddressRefused    Reason = "address not allowed"
	NeedsCredentials  Reason = "no credentials"
	WrongCredentials  Reason = "wrong credentials"
	StaleNonce        Reason = "stale nonce"
	OthersCredentials Reason = "credentials of another phone"
	NotByCredentials  Reason = "credentials do not count for this profile"
	NotByCertificate  Reason = "certificates do not count for this profile"
	OtherDevice       Reason = "user agent of another phone"
	Denied            Reason = "mac denied"
	BadCertificate    Reason = "certificate not accepted"
	OthersCert        Reason = "certificate of another phone"
	CannotLogin       Reason = "needs a login, which this protocol does not have"
)

// Decision is a verdict with its reason.
type Decision struct {
	Verdict Verdict
	Reason  Reason
}

// Admitted reports whether a rule admits the client. Then credentials change nothing, even if the client does not get
// the file.
func (d Decision) Admitted() bool {
	return d.Verdict == Give || d.Reason == NoSuchFile || d.Reason == OtherDevice || d.Reason == Denied
}

// Decide decides about a request. It is the whole policy. If it does not give a file, its verdict is the same as for a
// name that does not exist, so that nobody can tell the two apart.
func (r *Rules) Decide(f Facts) Decision {
	by, why := r.admittedBy(f)
	switch {
	case why != "":
	case r.denied(f):
		why = Denied
	case !f.Known:
		return Decision{Refuse, NoSuchFile}
	case f.Device != (device.MAC{}) && f.Phone != (device.MAC{}) && f.Device != f.Phone:
		why = OtherDevice
	default:
		return Decision{Give, by}
	}
	if r.Credentials && !f.NoLogin && !r.identified(f) {
		return Decision{Challenge, why}
	}
	return Decision{Refuse, why}
}

// admittedBy returns the rule by which a request may have a file, or why no rule allows it. A phone without a MAC
// cannot prove who it is, so only an address, or the credentials that all phones share, open the file of such a phone.
func (r *Rules) admittedBy(f Facts) (by, why Reason) {
	none, its := device.MAC{}, r.Profiles[f.Profile]
	switch {
	case contains(r.allow(f.Profile), f.Source) && (f.Known || f.Profile != "" || r.allowedAnything(f.Source)):
		return ByAddress, ""
	case r.Credentials && !its.NoCredentials && f.Credentials == GoodCredentials && (f.User == none || f.User == f.Phone || !f.Owned):
		return ByCredentials, ""
	case r.Credentials && !its.NoCredentials && f.Link != none && (f.Link == f.Phone || !f.Owned):
		return ByLink, ""
	case f.Holder && !its.NoCertificates && (f.Certificate == f.Phone || !f.Owned):
		return ByCertificate, ""
	}
	return "", r.whyNot(f)
}

// identified reports whether a request needs no challenge: it comes from a known phone, or from an address that is
// enough for all profiles.
func (r *Rules) identified(f Facts) bool {
	return f.Holder || f.Credentials == GoodCredentials || r.allowedAnything(f.Source)
}

// allowedAnything reports whether an address is enough for the files of all profiles. A name that does not exist could
// belong to the strictest profile.
func (r *Rules) allowedAnything(source netip.Addr) bool { return r.Reach(source) == Everywhere }

func (r *Rules) allow(profile string) []netip.Prefix {
	if p, ok := r.Profiles[profile]; ok && p.Allow != nil {
		return p.Allow
	}
	return r.Allow
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// denied reports whether a request asks for the file of a denied MAC, or comes from a device with a denied MAC.
func (r *Rules) denied(f Facts) bool {
	for _, mac := range [...]device.MAC{f.Phone, f.Device, f.Certificate, f.User, f.Link} {
		if mac != (device.MAC{}) && (slices.Contains(r.Deny, mac) || slices.Contains(r.Profiles[f.Profile].Deny, mac)) {
			return true
		}
	}
	return false
}

// whyNot returns why no rule admits a request: the reason of the rule that came closest.
func (r *Rules) whyNot(f Facts) Reason {
	switch {
	case f.NoLogin:
		if r.Credentials {
			return CannotLogin
		}
		return AddressRefused
	case !r.Credentials:
	case f.Credentials == BadCredentials:
		return WrongCredentials
	case f.Credentials == StaleCredentials:
		return StaleNonce
	case f.Credentials == GoodCredentials && r.Profiles[f.Profile].NoCredentials:
		return NotByCredentials
	case f.Credentials == GoodCredentials:
		return OthersCredentials
	}
	switch {
	case f.Certificate != (device.MAC{}) && r.Profiles[f.Profile].NoCertificates:
		return NotByCertificate
	case f.Certificate != (device.MAC{}):
		return OthersCert
	case f.CertificateFault:
		return BadCertificate
	case r.Credentials:
		return NeedsCredentials
	}
	return AddressRefused
}
