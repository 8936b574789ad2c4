package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// origin is how a phone reached us.
type origin struct {
	scheme string // http or https
	host   string // name or address, for ${SERVER}; IPv6 without brackets; empty: unknown
	port   string // empty: that of the scheme, or unknown
}

// originOf returns the host that the phone asked for, because behind NAT the phone does not know the socket's own
// address. If there is no valid host, it returns the local address of the connection.
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

// defaultPorts are the ports that a URL omits.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// urlHost returns the host as it stands in a URL, with its port if it has one.
func (o origin) urlHost() string {
	switch {
	case o.port != "":
		return net.JoinHostPort(o.host, o.port)
	case strings.Contains(o.host, ":"):
		return "[" + o.host + "]"
	}
	return o.host
}

// hostOf returns the name or address in a Host header, and its port if it has one. ok is false for anything else,
// because the host goes into the phone's file.
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
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is4() { // has one spelling
		return host, port, !addr.IsUnspecified()
	} else if err == nil {
		return addr.Unmap().WithZone("").String(), port, !addr.IsUnspecified()
	}
	return host, port, isHostName(host)
}

func isAddr(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// Limits of RFC 1035, 2.3.4, in bytes.
const (
	maxHostName = 253
	maxLabel    = 63
)

// isHostName reports a host name by RFC 1123, or one with the underscore that container networks use.
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
