package httpapi

import (
	"net/netip"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Inviter says where a phone finds its files, before the phone has asked for one.
type Inviter struct{ api *api }

// NewInviter returns an Inviter for the files that o serves.
func NewInviter(o Options) *Inviter { return &Inviter{newAPI(o)} }

// Path returns the path of the directory of a phone's files, with a slash at its end. If the phone's address is not
// enough, but a password would be, the directory is a one-time link. ok is false if nobody at the address gets a file.
//
// Anybody on the LAN can say any MAC. So there is a link for addresses of a LAN only, and a MAC that is unknown, or denied,
// gets a path that looks alike.
func (i *Inviter) Path(mac device.MAC, addr netip.Addr) (path string, linked, ok bool) {
	a := i.api
	path, addr = a.Prefix+"/", addr.Unmap().WithZone("")
	reach := a.Access.Rules.Reach(addr)
	switch {
	case reach == access.Everywhere:
		return path, false, true
	case !access.Local(addr), a.Access.Login == nil || a.Access.Links == nil:
		return path, false, reach == access.Somewhere
	}
	return path + a.Access.Links.New(i.ofLogin(mac, addr), addr), true, true
}

// ofLogin returns the MAC if its phone may have its files with a password, and otherwise the zero MAC.
func (i *Inviter) ofLogin(mac device.MAC, addr netip.Addr) device.MAC {
	s := i.api.Store.Load()
	if s == nil || mac == (device.MAC{}) {
		return device.MAC{}
	}
	phone := s.PhoneOf(mac)
	if phone == nil {
		return device.MAC{}
	}
	d := i.api.Access.Rules.Decide(access.Facts{Source: addr, Known: true, Owned: true, Phone: mac, Profile: phone.Profile.Name, Link: mac})
	if d != (access.Decision{Verdict: access.Give, Reason: access.ByLink}) {
		return device.MAC{}
	}
	return mac
}
