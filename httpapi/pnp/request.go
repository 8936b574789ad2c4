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
	mac    device.MAC // zero: the request does not tell it
	event  string     // the header
	vendor string     // as the phone spells it
	model  string
}

// errNotOurs is a message that is for others in the multicast group.
var errNotOurs = errors.New("no SUBSCRIBE for " + event)

// parse parses a packet. A fault of the parser is an error.
func parse(packet []byte) (m sip.Message, err error) {
	defer func() {
		if v := recover(); v != nil {
			m, err = nil, fmt.Errorf("panic: %v", v)
		}
	}()
	return sip.NewParser().ParseSIP(packet)
}

// readRequest reads a SUBSCRIBE for the phone's profile.
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

// eventParams reads the parameters of an Event header: name=value or name="value". Some phones write typographic quotes.
func eventParams(text string) map[string]string {
	params := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(value, " \t\"“”")
	}
	return params
}

// readMAC finds the phone's MAC: in the user part of a URI, as MAC%3a0004F2000001, MAC:, MAC= or MAC0004f2000001, or with
// separators; else in the Event header, or in the User-Agent. device.ReadName has the rules.
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

// fileNames are what phones of a make want after the directory in the URL. The others append the name themselves. Snom's
// phones put their MAC in place of {mac}.
var fileNames = map[string]string{"snom": "{mac}.xml"}

// fileName returns what follows the directory in the URL for the phone.
func (r request) fileName() string { return fileNames[strings.ToLower(r.vendor)] }

// userAt returns the user part of the phone's Contact with an @, or nothing. Some phones look for it in the NOTIFY.
func (r request) userAt() string {
	c := r.Contact()
	if c == nil || c.Address.User == "" || len(c.Address.User) > maxUser || strings.Trim(c.Address.User, userAlphabet) != "" {
		return ""
	}
	return c.Address.User + "@"
}

// What userAt repeats: a MAC in any spelling, a number, a name.
const (
	maxUser      = 64
	userAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._=+-"
)

// target returns where the phone takes a NOTIFY: at the port of its Contact, if that has the address of the packet, else
// at the port of the packet. It is never another address, which somebody could choose who forges requests.
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
