package access

import (
	"net/netip"
	"strings"
)

// maxHops bounds the proxies, one behind the other, that are gone through: more is a loop.
const maxHops = 16

// Client is the address of the phone: the peer's, or where the peer is a trusted proxy what X-Forwarded-For says, the
// last address in it that is no trusted proxy, since what stands before that may be of the client's making. Where there is
// no such address it is not known, the zero Addr: a proxy is no phone. trusted says that the peer is a proxy, whose other
// headers count too.
func Client(peer netip.Addr, forwarded []string, proxies []netip.Prefix) (client netip.Addr, trusted bool) {
	client = peer.Unmap()
	if !contains(proxies, client) {
		return client, false
	}
	list := strings.Join(forwarded, ",")
	for range maxHops {
		if !contains(proxies, client) {
			return client, true
		}
		if list == "" {
			break
		}
		comma := strings.LastIndexByte(list, ',')
		hop, ok := hopAddr(list[comma+1:])
		if !ok {
			return netip.Addr{}, true
		}
		client, list = hop, list[:max(comma, 0)]
	}
	return netip.Addr{}, true
}

// hopAddr reads an address with or without a port, as proxies write them.
func hopAddr(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
