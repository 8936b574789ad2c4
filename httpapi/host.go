package httpapi

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// origin is how a phone reached us.
type origin struct {
	scheme string // http or https
	host   string // name or address, for ${SERVER}; an IPv6 address has no brackets; empty: not known
	port   string // empty: the scheme's own, or not known
}

// originOf is the host that the phone asked for, since behind NAT the socket's own address is one that the phone does
// not know; else the local address of the connection.
func originOf(r *http.Request, c client) origin {
	o := origin{scheme: c.scheme}
	if host, port, ok := hostOf(c.host); ok {
		o.host, o.port = host, port
		return o
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if tcp, ok := local.(*net.TCPAddr); ok {
		o.host = tcp.AddrPort().Addr().Unmap().WithZone("").String()
		if port := strconv.Itoa(tcp.Port); port != defaultPorts[o.scheme] {
			o.port = port
		}
	}
	return o
}

// defaultPorts are those that a URL leaves out.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// urlHost is the host as it stands in a URL, with its port where it has one.
func (o origin) urlHost() string {
	switch {
	case o.port != "":
		return net.JoinHostPort(o.host, o.port)
	case strings.Contains(o.host, ":"):
		return "[" + o.host + "]"
	}
	return o.host
}

// hostOf is the name or address of a Host header, and its port where it has one. What is neither could be anything, and
// would go into the phone's file.
func hostOf(header string) (host, port string, ok bool) {
	host = header
	if h, p, err := net.SplitHostPort(header); err == nil {
		if n, err := strconv.ParseUint(p, 10, 16); p != "" && (err != nil || n == 0 || p[0] == '0') {
			return "", "", false
		}
		host, port = h, p
	} else if inner, ok := strings.CutPrefix(header, "["); ok {
		host, _ = strings.CutSuffix(inner, "]")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().WithZone("").String(), port, !addr.IsUnspecified()
	}
	return host, port, isHostName(host)
}

// Hosts are the names that a listener answers to: a web page whose own name was made to lead here (DNS rebinding) has another.
// The zero Hosts answer to any.
type Hosts struct {
	names map[string]bool
}

// NewHosts reads names of hosts, or addresses, without ports.
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

// With are these hosts and that of an address to listen on, where that names one.
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

// Any reports Hosts that answer to any name.
func (h Hosts) Any() bool { return len(h.names) == 0 }

// has reports a name or address that is one of them.
func (h Hosts) has(host string) bool { return h.names[plainName(host)] }

// plainName is a name as it is compared: in lower case, and without the dot of the root.
func plainName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// phonesDoor refuses browsers, and hosts that are none of ours: not an address, as a page cannot have one for its name, nor none
// at all, as no browser leaves it out.
func (a *api) phonesDoor(r *http.Request, c *client) string {
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

// adminDoor refuses hosts other than loopback's names and addresses, the address that the connection came to, none at all, and
// those of the settings.
func (a *api) adminDoor(r *http.Request, c *client) string {
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

func isAddr(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// localAddr is the address that a request's connection came to; the zero Addr: not known.
func localAddr(r *http.Request) netip.Addr {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if tcp, ok := local.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// Limits of RFC 1035, 2.3.4, in bytes.
const (
	maxHostName = 253
	maxLabel    = 63
)

// isHostName reports a name of RFC 1123, with the underscore that container networks use.
func isHostName(s string) bool {
	if s == "" || len(s) > maxHostName {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !isHostByte(c) {
				return false
			}
		}
	}
	return true
}

func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
