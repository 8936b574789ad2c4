package access

import (
	"net/netip"
	"strings"
)

// maxHops bounds the proxies, one behind the other, that are gone through: more is a loop.
const maxHops = 16

// maxHop bounds in bytes an address that a proxy names: the longest IPv6 address in brackets, with a zone and a port.
const maxHop = 72

// Client is the address of the phone: the peer's, or where the peer is a trusted proxy what X-Forwarded-For says, the
// last address in it that is no trusted proxy, since what stands before that may be of the client's making. Where there is
// no such address it is not known, the zero Addr: a proxy is no phone. trusted says that the peer is a proxy, whose other
// headers count too.
func Client(peer netip.Addr, forwarded []string, proxies []netip.Prefix) (client netip.Addr, trusted bool) {
	list := strings.Join(forwarded, ",")
	return walk(peer, proxies, func() (netip.Addr, bool) {
		if list == "" {
			return netip.Addr{}, false
		}
		comma := strings.LastIndexByte(list, ',')
		hop, ok := hopAddr(list[comma+1:])
		list = list[:max(comma, 0)]
		return hop, ok
	})
}

// ClientForwarded is Client by the hops of Forwarded, and the hop that names the phone, with what its proxy says besides.
func ClientForwarded(peer netip.Addr, hops []Hop, proxies []netip.Prefix) (client netip.Addr, hop Hop) {
	client, _ = walk(peer, proxies, func() (netip.Addr, bool) {
		if len(hops) == 0 {
			return netip.Addr{}, false
		}
		hop = hops[len(hops)-1]
		hops = hops[:len(hops)-1]
		return hop.For, hop.For.IsValid()
	})
	return client, hop
}

// walk goes from proxy to proxy, as far as they are trusted. previous is the address before the last one; false: it is not
// known.
func walk(peer netip.Addr, proxies []netip.Prefix, previous func() (netip.Addr, bool)) (client netip.Addr, trusted bool) {
	client = peer.Unmap()
	for range maxHops + 1 {
		if !contains(proxies, client) {
			return client, trusted
		}
		trusted = true
		var ok bool
		if client, ok = previous(); !ok {
			break
		}
	}
	return netip.Addr{}, true
}

// hopAddr reads an address with or without a port, as proxies write them, an IPv6 one with or without brackets. A zone is
// dropped: it means something only on the proxy's machine, and is text of any length that somebody else wrote.
func hopAddr(s string) (netip.Addr, bool) {
	if s = strings.TrimSpace(s); len(s) > maxHop {
		return netip.Addr{}, false
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	inner, opened := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	a, err := netip.ParseAddr(inner)
	if err != nil || opened != closed || opened && !a.Is6() {
		return netip.Addr{}, false
	}
	return a.WithZone("").Unmap(), true
}
