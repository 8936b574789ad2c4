package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// serverAddress is the address by which the phone reached us, for ${SERVER}: the host it asked for, since behind NAT
// the socket's own address is one that the phone does not know; else the local address of the connection, else "".
// An IPv6 address has no brackets.
func serverAddress(r *http.Request, asked string) string {
	if host, ok := hostOf(asked); ok {
		return host
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if tcp, ok := local.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("").String()
	}
	return ""
}

// hostOf is the name or address of a Host header, without its port. What is neither could be anything, and would go
// into the phone's file.
func hostOf(header string) (string, bool) {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	} else if inner, ok := strings.CutPrefix(header, "["); ok {
		host, _ = strings.CutSuffix(inner, "]")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().WithZone("").String(), !addr.IsUnspecified()
	}
	return host, isHostName(host)
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
