package pnp

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/phoneprov/phoneprov/provision/device"
)

// event is the event that phones subscribe to (RFC 6080).
const event = "ua-profile"

// request is a SUBSCRIBE of a phone.
type request struct {
	*sip.Request
	mac    device.MAC // zero: the request has no MAC
	event  string     // the header Event
	vendor string     // as the phone spells it
	model  string
}

// errNotOurs refuses a message that is for others in the multicast group.
var errNotOurs = errors.New("no SUBSCRIBE for " + event)

// parse parses a packet. A panic of the parser becomes an error.
func parse(packet []byte) (m sip.Message, err error) {
	defer func() {
		if v := recover(); v != nil {
			m, err = nil, fmt.Errorf("panic: %v", v)
		}
	}()
	return sip.NewParser().ParseSIP(packet)
}

// readRequest reads a SUBSCRIBE for ua-profile. The error is errNotOurs for any other request.
func readRequest(m *sip.Request) (request, error) {
	r := request{Request: m}
	about := m.GetHeader("Event")
	if about == nil {
		about = m.GetHeader("o") // its compact name (RFC 6665)
	}
	if m.Method != sip.SUBSCRIBE || about == nil {
		return r, errNotOurs
	}
	r.event = about.Value()
	name, rest, _ := strings.Cut(r.event, ";")
	if !strings.EqualFold(strings.TrimSpace(name), event) {
		return r, errNotOurs
	}
	if m.Via() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil || m.CSeq() == nil || m.CSeq().MethodName != sip.SUBSCRIBE {
		return r, errors.New("a header that every request has is missing")
	}
	params := eventParams(rest)
	r.vendor, r.model = params["vendor"], params["model"]
	r.mac = readMAC(m, params)
	return r, nil
}

// eventParams returns the parameters of an Event header: name=value or name="value". Some phones write typographic
// quotes.
func eventParams(text string) map[string]string {
	params := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(value, " \t\"“”")
	}
	return params
}

// readMAC returns the phone's MAC, or the zero MAC if the request has none. It looks in the user parts of the URIs (as
// MAC%3a0004F2000001, MAC:, MAC= or MAC0004f2000001, or with separators), then in the Event header, then in the
// User-Agent. device.ReadName has the rules for other spellings.
func readMAC(m *sip.Request, params map[string]string) device.MAC {
	for _, user := range []string{m.Recipient.User, m.To().Address.User, m.From().Address.User, params["mac"]} {
		if decoded, err := url.PathUnescape(user); err == nil {
			user = decoded
		}
		if len(user) > 3 && strings.EqualFold(user[:3], "mac") {
			user = strings.TrimLeft(user[3:], ":= ")
			if mac, err := device.ParseMAC(user); err == nil {
				return mac
			}
		}
		if mac := device.ReadName(user).MAC; mac != (device.MAC{}) {
			return mac
		}
	}
	if agent := m.GetHeader("User-Agent"); agent != nil {
		return device.ParseUserAgent(agent.Value()).MAC
	}
	return device.MAC{}
}

// fileNames has the file names that the phones of some makes want in the URL, by vendor. Other phones append the name
// themselves. A Snom phone replaces {mac} with its MAC.
var fileNames = map[string]string{"snom": "{mac}.xml"}

// fileName returns the text after the directory in the URL for the phone. It may be empty.
func (r request) fileName() string { return fileNames[strings.ToLower(r.vendor)] }

// userAt returns the user part of the phone's Contact with an @. Some phones look for it in the NOTIFY. userAt returns
// "" if there is no user part, or if it is not safe to repeat.
func (r request) userAt() string {
	c := r.Contact()
	if c == nil || c.Address.User == "" || len(c.Address.User) > maxUser || strings.Trim(c.Address.User, userAlphabet) != "" {
		return ""
	}
	return c.Address.User + "@"
}

// Limits of userAt. They fit a MAC in any spelling, a number and a name.
const (
	maxUser      = 64
	userAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._=+-"
)

// target returns the address and port for the NOTIFY. The address is always the packet's: a forged request must not
// choose another one. The port is the Contact's if the Contact has that address, else the packet's.
func (r request) target(from netip.AddrPort) netip.AddrPort {
	c := r.Contact()
	if c == nil || c.Address.Port <= 0 || c.Address.Port > 65535 {
		return from
	}
	if host, err := netip.ParseAddr(strings.Trim(c.Address.Host, "[]")); err != nil || host.Unmap() != from.Addr().Unmap() {
		return from
	}
	return netip.AddrPortFrom(from.Addr(), uint16(c.Address.Port))
}
