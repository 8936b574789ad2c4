package access

import (
	"net/netip"
	"slices"
	"strings"
)

// Hop is an element of Forwarded (RFC 7239): a proxy's words about the request that it got.
type Hop struct {
	For         netip.Addr // zero: the proxy names no address
	Proto, Host string     // empty: the proxy does not say
}

// ParseForwarded returns the hops of Forwarded headers. ok is false if a header is malformed; then none counts.
// ParseForwarded parses each header by itself: a client that leaves a quote open must not swallow the header that a
// proxy adds.
func ParseForwarded(headers []string) (hops []Hop, ok bool) {
	for _, text := range headers {
		p := forwardedParser{text: text}
		for {
			hop, ok := p.element()
			if !ok {
				return nil, false
			}
			hops = append(hops, hop)
			if p.text == "" {
				break
			}
			p.text = p.text[1:] // skip the comma
		}
	}
	return hops, true
}

// forwardedParser holds the text that is not parsed yet.
type forwardedParser struct{ text string }

// The parameters that count.
const (
	paramFor = iota
	paramProto
	paramHost
	params
)

// element parses the parameters up to a comma or the end of the text:
//
// \telement = [ pair ] *( ";" [ pair ] )    pair = token "=" ( token / quoted-string )
func (p *forwardedParser) element() (hop Hop, ok bool) {
	var seen [params]bool
	for {
		p.blanks()
		if name := p.token(); name != "" {
			value, ok := p.value()
			if !ok {
				return Hop{}, false
			}
			which := slices.Index([]string{"for", "proto", "host"}, strings.ToLower(name))
			if which >= 0 && seen[which] {
				return Hop{}, false
			}
			switch which {
			case paramFor:
				hop.For = nodeAddr(value)
			case paramProto:
				hop.Proto = strings.ToLower(value)
			case paramHost:
				hop.Host = value
			}
			if which >= 0 {
				seen[which] = true
			}
		}
		p.blanks()
		switch {
		case p.text == "" || p.text[0] == ',':
			return hop, true
		case p.text[0] != ';':
			return Hop{}, false
		}
		p.text = p.text[1:]
	}
}

func (p *forwardedParser) blanks() { p.text = strings.TrimLeft(p.text, " \t") }

// token parses a token. It returns "" if there is none.
func (p *forwardedParser) token() string {
	n := strings.IndexFunc(p.text, func(c rune) bool { return !isToken(c) })
	if n < 0 {
		n = len(p.text)
	}
	token := p.text[:n]
	p.text = p.text[n:]
	return token
}

// isToken reports whether RFC 9110, 5.6.2 allows c in a token. Brackets and colons count too, because proxies do not
// quote IPv6 addresses and ports.
func isToken(c rune) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune("\"(),/;<=>?@\\{}", c)
}

// value parses "=" and a token or a quoted string.
func (p *forwardedParser) value() (string, bool) {
	rest, ok := strings.CutPrefix(p.text, "=")
	if !ok {
		return "", false
	}
	p.text = rest
	if rest, ok = strings.CutPrefix(rest, `"`); !ok {
		token := p.token()
		return token, token != ""
	}
	var value strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			p.text = rest[i+1:]
			return value.String(), true
		case '\\':
			if i++; i == len(rest) {
				return "", false
			}
		}
		value.WriteByte(rest[i])
	}
	return "", false
}

// nodeAddr returns the address in a node of RFC 7239, 6: an address with or without a port. An IPv6 address may be in
// brackets, and the port may be hidden. nodeAddr returns the zero Addr for any other text, such as the hidden nodes
// "unknown" and "_name".
func nodeAddr(node string) netip.Addr {
	host, port, hasPort := strings.Cut(node, ":")
	if end := strings.IndexByte(node, ']'); end >= 0 {
		host, port = node[:end+1], node[end+1:]
		port, hasPort = strings.CutPrefix(port, ":")
		if !hasPort && port != "" {
			return netip.Addr{}
		}
	} else if strings.Contains(port, ":") { // an IPv6 address without brackets
		host, hasPort = node, false
	}
	if hasPort && !isNodePort(port) {
		return netip.Addr{}
	}
	a, _ := hopAddr(host)
	return a
}

func isNodePort(port string) bool {
	if name, hidden := strings.CutPrefix(port, "_"); hidden {
		return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == ""
	}
	return port != "" && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
}
