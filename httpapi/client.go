package httpapi

import (
	"net/http"
	"net/netip"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

// client is who asks and what for an address it used: what a trusted proxy says of the phone, else the connection.
type client struct {
	addr   netip.Addr // the zero Addr: not known
	scheme string     // "http" or "https"
	host   string     // of the Host header, or of the proxy's
	device device.Device
	// hidden is a header of a proxy that is not trusted: addr is the proxy's, and no proof of anything. Empty: there is none.
	hidden string
}

// client finds out who asks.
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

// behind is the client as trusted proxies tell of it, in Forwarded (RFC 7239) or the X-Forwarded headers. Which of them a proxy
// writes is not known, and a client can send the other kind through it: so where both are there each must say the same. An
// address that they differ in is not known, and a scheme or host is that of the connection then.
func (c *client) behind(r *http.Request, peer netip.Addr, proxies []netip.Prefix) {
	proto, host := said(r.Header["X-Forwarded-Proto"]), said(r.Header["X-Forwarded-Host"])
	if lines := r.Header["Forwarded"]; lines != nil {
		hops, _ := access.ParseForwarded(lines) // none of those that are malformed
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

// said is the value of a header that stands once; of one that stands twice nobody knows which is the proxy's.
func said(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// agreed is what two headers say; empty: neither says anything, or they differ.
func agreed(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || a == b:
		return a
	}
	return ""
}

// proxyHeader is a header of the request that only proxies write, of several the first by name; empty: there is none. No phone
// is known to send one, and the address of whoever passes a proxy that is not trusted is the proxy's: it would make all of the
// Internet one of our LAN.
func proxyHeader(h http.Header) (first string) {
	for name := range h {
		if isProxyHeader(name) && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

// isProxyHeader knows the standard headers, those that have become usual, and those of nginx, Envoy and the large content
// delivery networks. Names are as net/http spells them.
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

// remote is the address for the log.
func (c client) remote(r *http.Request) string {
	if c.addr.IsValid() {
		return c.addr.String()
	}
	return short(r.RemoteAddr)
}
