package httpapi

import (
	"net/http"
	"net/netip"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

// client says who asks, and for which address. If a trusted proxy sends the request, it is what the proxy says of the
// phone.
type client struct {
	addr   netip.Addr // the zero Addr: unknown
	scheme string     // "http" or "https"
	host   string     // of the Host header, or what the proxy says
	device device.Device
	// hidden is the name of a header of an untrusted proxy. Then addr is the proxy's, and proves nothing. Empty: there
	// is none.
	hidden string
}

// client finds out who sends a request.
func (a *api) client(r *http.Request) client {
	c := client{scheme: "http", host: r.Host, device: a.devices.of(r.UserAgent())}
	if r.TLS != nil {
		c.scheme = "https"
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return c
	}
	peer := remote.Addr().WithZone("")
	var trusted bool
	if c.addr, trusted = access.Client(peer, r.Header["X-Forwarded-For"], a.Access.Proxies); !trusted {
		c.hidden = proxyHeader(r.Header)
		return c
	}
	c.behind(r, peer, a.Access.Proxies)
	return c
}

// behind fills in what trusted proxies say of the phone, in Forwarded (RFC 7239) or the X-Forwarded headers. It is not
// known which of the two a proxy writes, and a client can send the other one through it. So if both are there, both
// must say the same: otherwise the address is unknown, and scheme and host are those of the connection.
func (c *client) behind(r *http.Request, peer netip.Addr, proxies []netip.Prefix) {
	proto, host := single(r.Header["X-Forwarded-Proto"]), single(r.Header["X-Forwarded-Host"])
	if lines := r.Header["Forwarded"]; lines != nil {
		hops, _ := access.ParseForwarded(lines) // a malformed header has no hops
		addr, hop := access.ClientForwarded(peer, hops, proxies)
		if r.Header["X-Forwarded-For"] != nil && c.addr != addr {
			addr, hop = netip.Addr{}, access.Hop{}
			proto, host = "", ""
		}
		c.addr, proto, host = addr, agreed(proto, hop.Proto), agreed(host, hop.Host)
	}
	if proto == "http" || proto == "https" {
		c.scheme = proto
	}
	if host != "" {
		c.host = host
	}
}

// single returns the value of a header that occurs once. If it occurs twice, nobody knows which one the proxy wrote.
func single(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// agreed returns what two headers say; "" if neither says anything, or they differ.
func agreed(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || a == b:
		return a
	}
	return ""
}

// proxyHeader returns the name of a header that only proxies write, the first by name; "" if there is none. No phone is
// known to send one. Behind an untrusted proxy every client has the address of the proxy, which would make the whole
// Internet a part of the LAN.
func proxyHeader(h http.Header) (first string) {
	for name := range h {
		if isProxyHeader(name) && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

// isProxyHeader knows the standard headers, the usual ones, and those of nginx, Envoy and the large content delivery
// networks. Names are spelled as net/http spells them.
func isProxyHeader(name string) bool {
	switch name {
	case "Forwarded", "Forwarded-For", "Via", "Cdn-Loop",
		"X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server",
		"X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-By", "X-Forwarded-Prefix", "X-Original-Forwarded-For",
		"X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Remote-Ip", "X-Remote-Addr", "X-Originating-Ip", "X-Proxyuser-Ip", "Client-Ip",
		"True-Client-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Cf-Ray", "Fastly-Client-Ip", "Fly-Client-Ip", "X-Azure-Clientip",
		"X-Appengine-User-Ip", "X-Amzn-Trace-Id", "X-Envoy-External-Address":
		return true
	}
	return false
}

// remote returns the address for the log.
func (c client) remote(r *http.Request) string {
	if c.addr.IsValid() {
		return c.addr.String()
	}
	return short(r.RemoteAddr)
}
