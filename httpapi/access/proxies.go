package access

import (
	"net/netip"
	"strings"
)

// maxHops bounds the number of proxies between the phone and us. More are a loop.
const maxHops = 16

// maxHop bounds in bytes an address that a proxy names: the longest IPv6 address in brackets, with a zone and a port.
const maxHop = 72

// Client returns the address of the phone. Without a trusted proxy, that is the peer's address. If the peer is a
// trusted proxy, it is the last address in X-Forwarded-For that is no trusted proxy: the client may have written the
// addresses before it. If there is no such address, Client returns the zero Addr. trusted reports that the peer is a
// trusted proxy; then its other headers count too.
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

// ClientForwarded is Client for the hops of Forwarded. It also returns the hop that names the phone. Without a trusted
// proxy, the hop is zero.
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

// walk goes back from proxy to proxy while they are trusted. Each call of previous returns the address before the last
// one, and false if that address is unknown.
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

// hopAddr parses an address as proxies write it: with or without a port, and an IPv6 address with or without brackets.
// It removes a zone, because only the proxy's machine knows its meaning.
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
