package access

import (
	"net/netip"
	"strings"
)

// maxForwarded bounds, in bytes, an X-Forwarded-For that is read: a longer one is no proxy's of ours.
const maxForwarded = 4096

// Client is the address of the phone: the peer's, or where the peer is a trusted proxy what X-Forwarded-For says, the
// last address in it that is no trusted proxy, since what stands before that may be of the client's making. A list that
// is malformed there gives the peer. trusted says that the peer is a proxy, whose other headers count too.
func Client(peer netip.Addr, forwarded []string, proxies []netip.Prefix) (client netip.Addr, trusted bool) {
	peer = peer.Unmap()
	if !contains(proxies, peer) {
		return peer, false
	}
	list := strings.Join(forwarded, ",")
	if list == "" || len(list) > maxForwarded {
		return peer, true
	}
	client = peer
	hops := strings.Split(list, ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := hopAddr(hops[i])
		if !ok {
			return client, true
		}
		client = hop
		if !contains(proxies, hop) {
			break
		}
	}
	return client, true
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
