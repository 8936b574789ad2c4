package httpapi

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Hosts are the names that a listener answers to. A web page whose name was made to lead here (DNS rebinding) has
// another name. The zero Hosts answer to every name.
type Hosts struct {
	names map[string]bool
}

// NewHosts parses names or addresses of hosts, without ports.
func NewHosts(names []string) (Hosts, error) {
	var h Hosts
	for _, name := range names {
		host, port, ok := hostOf(name)
		if !ok || port != "" || strings.HasSuffix(name, ":") {
			return Hosts{}, fmt.Errorf("%q is not a host: want a name as pbx.example.com, or an address, without a port", name)
		}
		if h.names == nil {
			h.names = map[string]bool{}
		}
		h.names[plainName(host)] = true
	}
	return h, nil
}

// With returns these hosts and the host of a listen address, if it has one.
func (h Hosts) With(listen string) Hosts {
	host, _, ok := hostOf(listen)
	if !ok {
		return h
	}
	all := Hosts{names: maps.Clone(h.names)}
	if all.names == nil {
		all.names = map[string]bool{}
	}
	all.names[plainName(host)] = true
	return all
}

// Any reports that the Hosts answer to every name.
func (h Hosts) Any() bool { return len(h.names) == 0 }

// has reports that a name or address is one of the hosts.
func (h Hosts) has(host string) bool { return h.names[plainName(host)] }

// plainName is a name as it is compared: in lower case, without the dot of the root.
func plainName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// phoneHostRefusal refuses browsers, and names that are not ours. It does not refuse addresses, because a web page
// cannot have one for its name, nor a request without a host, because every browser sends one.
func (a *api) phoneHostRefusal(r *http.Request, c *client) string {
	if !a.Browsers && fromBrowser(r, c) {
		return reasonBrowser
	}
	if a.Hosts.Any() || c.host == "" {
		return ""
	}
	if host, _, ok := hostOf(c.host); !ok || !isAddr(host) && !a.Hosts.has(host) {
		return reasonHost
	}
	return ""
}

// adminHostRefusal refuses all hosts except: those of loopback, the address that the connection came to, none at all,
// and those of the settings.
func (a *api) adminHostRefusal(r *http.Request, c *client) string {
	if c.host == "" {
		return ""
	}
	host, _, ok := hostOf(c.host)
	addr, err := netip.ParseAddr(host)
	ours := err == nil && (addr.IsLoopback() || addr == localAddr(r)) || plainName(host) == "localhost" || a.AdminHosts.has(host)
	if !ok || !ours {
		return reasonHost
	}
	return ""
}

// localAddr returns the address that the connection of a request came to; the zero Addr if it is unknown.
func localAddr(r *http.Request) netip.Addr {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if tcp, ok := local.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
