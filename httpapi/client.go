package httpapi

import (
	"net/http"
	"net/netip"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
)

// client is who asks and what for an address it used: what a trusted proxy says of the phone, else the connection.
type client struct {
	addr   netip.Addr // the zero Addr: not known
	scheme string     // "http" or "https"
	host   string     // of the Host header, or of the proxy's
	device provision.Device
	hidden bool // behind a proxy that is not trusted: addr is the proxy's, and no proof of anything
}

// client finds out who asks.
func (a *api) client(r *http.Request) client {
	c := client{scheme: "http", host: r.Host, device: a.devices.of(r.UserAgent())}
	if r.TLS != nil {
		c.scheme = "https"
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return c
	}
	var trusted bool
	c.addr, trusted = access.Client(peer.Addr().WithZone(""), r.Header.Values("X-Forwarded-For"), a.Access.Proxies)
	c.hidden = !trusted && len(r.Header.Values("X-Forwarded-For")) > 0
	if trusted {
		if proto := r.Header.Get("X-Forwarded-Proto"); proto == "http" || proto == "https" {
			c.scheme = proto
		}
		if host := r.Header.Get("X-Forwarded-Host"); host != "" {
			c.host = host
		}
	}
	return c
}

// remote is the address for the log.
func (c client) remote(r *http.Request) string {
	if c.addr.IsValid() {
		return c.addr.String()
	}
	return short(r.RemoteAddr)
}
