package access

import (
	"net/netip"
	"slices"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Rules are what phoneprov.ini says of access. The zero Rules give nobody anything.
type Rules struct {
	Allow []netip.Prefix // addresses that need nothing else; for a profile that does not say otherwise
	Deny  []device.MAC
	// Profiles have lists of their own in place of Allow and in addition to Deny, by name.
	Profiles map[string]ProfileRules
	// Credentials says that there are some: who is not known otherwise is asked for them.
	Credentials bool
}

// ProfileRules are what a section [profile NAME] says of access.
type ProfileRules struct {
	Allow []netip.Prefix // nil: as Rules.Allow; empty: no address is enough
	Deny  []device.MAC
	// What does not count for the profile's phones.
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

// Local reports an address of a LAN, see DefaultAllow.
func Local(a netip.Addr) bool { return contains(DefaultAllow(), a) }

// Reach is how far an address gets by itself.
type Reach uint8

// The zero Reach is Nowhere.
const (
	Nowhere    Reach = iota // no list has it
	Somewhere               // the lists of some profiles have it
	Everywhere              // every list has it
)

// Reach tells how far an address gets by itself, without looking at any file.
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

// Denied reports a MAC that gets nothing, whatever its profile.
func (r *Rules) Denied(mac device.MAC) bool {
	return mac != (device.MAC{}) && slices.Contains(r.Deny, mac)
}

// Facts are what is known of a request and of the file that it asks for.
type Facts struct {
	Source netip.Addr // of the phone; the zero Addr is in no list
	// Device is the MAC in the User-Agent; zero: it carries none.
	Device device.MAC
	// Certificate is the MAC of a client certificate that was verified; zero: there is none, or a fault with it.
	Certificate      device.MAC
	CertificateFault bool
	Holder           bool // Certificate is of a phone that is served
	Credentials      Credentials
	User             device.MAC // the phone that good credentials belong to; zero: all phones share them

	Known   bool       // there is a file of that name
	Owned   bool       // it is some phone's own
	Phone   device.MAC // whose file it is; zero: nobody's in particular, or of a phone without a MAC
	Profile string     // that the file belongs to, or would: that of the phone whose MAC is in the name
}

// Credentials are what became of a request's user name and password.
type Credentials uint8

// The zero value is NoCredentials.
const (
	NoCredentials    Credentials = iota
	GoodCredentials              // for this file
	BadCredentials               // another phone's are that too
	StaleCredentials             // good, but with a nonce that is too old
)

// Verdict is what to do.
type Verdict uint8

// The zero Verdict refuses.
const (
	Refuse Verdict = iota // as if there were no such file
	Ask                   // for credentials
	Give
)

// Reason says why, in words that the log and fail2ban's filter keep: they never change.
type Reason string

// The reasons.
const (
	ByAddress     Reason = "address"
	ByCredentials Reason = "credentials"
	ByCertificate Reason = "certificate"

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
)

// Decision is a verdict with its reason.
type Decision struct {
	Verdict Verdict
	Reason  Reason
}

// Admitted reports a request that was let in, though it does not get its file: credentials would change nothing.
func (d Decision) Admitted() bool {
	return d.Verdict == Give || d.Reason == NoSuchFile || d.Reason == OtherDevice || d.Reason == Denied
}

// Decide says what to do with a request. It is the whole policy. Whatever is not given gets the verdict of a name that is
// not there, so that nobody can tell one from the other.
func (r *Rules) Decide(f Facts) Decision {
	by, why := r.admit(f)
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
	if r.Credentials && !r.identified(f) {
		return Decision{Ask, why}
	}
	return Decision{Refuse, why}
}

// admit tells by which of the rules a request may have a file, or why by none. What is the own file of a phone without a MAC
// no other phone proves to be: only an address and the credentials that all share open it.
func (r *Rules) admit(f Facts) (by, why Reason) {
	none, its := device.MAC{}, r.Profiles[f.Profile]
	switch {
	case contains(r.allow(f.Profile), f.Source) && (f.Known || f.Profile != "" || r.allowedAnything(f.Source)):
		return ByAddress, ""
	case r.Credentials && !its.NoCredentials && f.Credentials == GoodCredentials && (f.User == none || f.User == f.Phone || !f.Owned):
		return ByCredentials, ""
	case f.Holder && !its.NoCertificates && (f.Certificate == f.Phone || !f.Owned):
		return ByCertificate, ""
	}
	return "", r.whyNot(f)
}

// identified reports a request that need not be asked who it is: it is somebody, or comes from where nobody is asked.
func (r *Rules) identified(f Facts) bool {
	return f.Holder || f.Credentials == GoodCredentials || r.allowedAnything(f.Source)
}

// allowedAnything reports an address that needs nothing else for the files of any profile. A name that is not there could
// be one of the strictest.
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

// denied reports a MAC that gets nothing: the file's, or the one that the request says or proves to be of.
func (r *Rules) denied(f Facts) bool {
	for _, mac := range [...]device.MAC{f.Phone, f.Device, f.Certificate, f.User} {
		if mac != (device.MAC{}) && (slices.Contains(r.Deny, mac) || slices.Contains(r.Profiles[f.Profile].Deny, mac)) {
			return true
		}
	}
	return false
}

// whyNot says what was missing, the nearest thing first.
func (r *Rules) whyNot(f Facts) Reason {
	switch {
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
