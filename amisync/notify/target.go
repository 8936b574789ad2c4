package notify

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Driver is the channel driver of an endpoint.
type Driver string

// The drivers that can send NOTIFY.
const (
	PJSIP Driver = "pjsip"
	SIP   Driver = "sip" // chan_sip; its peers have one contact
)

// Endpoint is a PJSIP endpoint, or a peer of chan_sip, as Asterisk sees it.
type Endpoint struct {
	Name     string
	Driver   Driver
	InCall   bool
	State    string // in Asterisk's words: "In use"
	Contacts []Contact
}

// Contact is a contact of an endpoint: a device registered it, or it has a fixed address.
type Contact struct {
	URI       string
	Address   netip.Addr // zero: the URI has a name, or the address is unknown
	UserAgent string
}

// Target is the receiver of a NOTIFY.
type Target struct {
	Driver   Driver
	Endpoint string // all its contacts
	URI      string // one contact, through Asterisk's default outbound endpoint; empty: Endpoint is the receiver
}

// String returns the target in words for people.
func (t Target) String() string {
	if t.URI != "" {
		return t.URI
	}
	return cmp.Or(string(t.Driver), string(PJSIP)) + " endpoint " + t.Endpoint
}

// subject is the phone to find among the contacts of its lines.
type subject struct {
	mac     device.MAC
	address netip.Addr // it fetched its files from here
	vendor  string     // from its HTTP User-Agent
	model   string
}

// singleOut returns a target that reaches the phone and nobody else. If there is none, why is the reason.
func singleOut(p subject, lines []Endpoint, shared func(endpoint string) bool, outbound string) (t Target, why string) {
	for _, e := range lines {
		if len(e.Contacts) == 0 {
			continue
		}
		target, reason := p.onLine(e, shared(e.Name), outbound)
		if reason == "" {
			return target, ""
		}
		why = cmp.Or(why, reason)
	}
	return Target{}, cmp.Or(why, notRegistered)
}

// notRegistered is the reason for a phone without a contact.
const notRegistered = "not registered"

// cannotSingleOut begins the reason if a NOTIFY would reach more than one phone.
const cannotSingleOut = "cannot be singled out: "

// onLine returns a target on one line that has contacts, or the reason why there is none.
func (p subject) onLine(e Endpoint, shared bool, outbound string) (Target, string) {
	var own []Contact
	for _, c := range e.Contacts {
		if p.contradicts(c) == "" {
			own = append(own, c)
		}
	}
	byEndpoint := Target{Driver: e.Driver, Endpoint: e.Name}
	if len(e.Contacts) == 1 {
		c := e.Contacts[0]
		if why := p.contradicts(c); why != "" {
			return Target{}, fmt.Sprintf("the only contact of %s is another device: %s", e.Name, why)
		}
		if shared && !p.matches(c) {
			return Target{}, fmt.Sprintf("%s%s is a line of several phones, and neither the address nor the User-Agent of its contact is this phone's", cannotSingleOut, e.Name)
		}
		return byEndpoint, ""
	}
	if e.Driver != PJSIP {
		return Target{}, fmt.Sprintf("%s%s has %d contacts", cannotSingleOut, e.Name, len(e.Contacts))
	}
	if outbound == "" {
		return Target{}, fmt.Sprintf("%s%s has %d contacts; name an endpoint in default_outbound_endpoint of pjsip.conf's type=global, or set max_contacts = 1 and remove_existing = yes in its AOR",
			cannotSingleOut, e.Name, len(e.Contacts))
	}
	byMAC := slices.DeleteFunc(slices.Clone(own), func(c Contact) bool { return p.mac == device.MAC{} || device.ParseUserAgent(c.UserAgent).MAC != p.mac })
	byAddress := slices.DeleteFunc(slices.Clone(own), func(c Contact) bool { return !p.isFrom(c) })
	byModel := slices.DeleteFunc(slices.Clone(own), func(c Contact) bool { return !p.isModel(c) })
	for _, found := range [][]Contact{byMAC, byAddress, byModel} {
		if len(found) == 1 {
			return Target{Driver: PJSIP, Endpoint: e.Name, URI: found[0].URI}, ""
		}
	}
	return Target{}, fmt.Sprintf("%s%s has %d contacts, and not exactly one has this phone's address or User-Agent", cannotSingleOut, e.Name, len(e.Contacts))
}

// contradicts returns the reason why a contact must be another device; empty: there is none.
func (p subject) contradicts(c Contact) string {
	d := device.ParseUserAgent(c.UserAgent)
	switch {
	case d.MAC != (device.MAC{}) && p.mac != (device.MAC{}) && d.MAC != p.mac:
		return "it says that its MAC is " + d.MAC.String()
	case d.Vendor != "" && p.vendor != "" && !strings.EqualFold(d.Vendor, p.vendor):
		return fmt.Sprintf("it says that it is a %s, and the phone fetches as a %s", d.Vendor, p.vendor)
	}
	return ""
}

// matches reports whether a contact has the phone's MAC in its User-Agent, or the phone's address.
func (p subject) matches(c Contact) bool {
	mac := device.ParseUserAgent(c.UserAgent).MAC
	return mac != (device.MAC{}) && mac == p.mac || p.isFrom(c)
}

func (p subject) isFrom(c Contact) bool {
	return p.address.IsValid() && c.Address.IsValid() && p.address.Unmap() == c.Address.Unmap()
}

func (p subject) isModel(c Contact) bool {
	d := device.ParseUserAgent(c.UserAgent)
	return p.model != "" && strings.EqualFold(d.Vendor, p.vendor) && strings.EqualFold(d.Model, p.model)
}
