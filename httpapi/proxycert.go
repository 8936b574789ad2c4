package httpapi

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// maxCertificateHeader bounds the header with a phone's certificate, in bytes: three times a certificate with an RSA key of
// 4,096 bits and every byte encoded.
const maxCertificateHeader = 12 << 10

// errCertificateHeader is the reason in the log.
var errCertificateHeader = errors.New("the proxy's certificate header is malformed")

// presented is the certificate that the phone has shown: in its own TLS connection, or to a trusted proxy, which then says it in
// the header of Access.CertificateHeader. The proxy has checked in its handshake that the phone has the key; which CA it is of
// is checked here, as for any other. A reason says what is wrong with the header.
//
// A header counts only from a proxy in Access.Proxies, and the proxy must replace or remove what the phone sent of that name.
// Where headers count, the proxy's own certificate does not: it is no phone.
func (a *api) presented(r *http.Request) (state *tls.ConnectionState, reason string) {
	if a.Access.CertificateHeader == "" || !a.fromProxy(r) {
		return r.TLS, ""
	}
	values := r.Header.Values(a.Access.CertificateHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return nil, ""
	}
	if len(values) > 1 { // which of them is the proxy's is not known
		return nil, errCertificateHeader.Error()
	}
	cert, err := parseCertificateHeader(values[0])
	if err != nil {
		return nil, err.Error()
	}
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}, ""
}

func (a *api) fromProxy(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	addr := peer.Addr().Unmap().WithZone("")
	return err == nil && slices.ContainsFunc(a.Access.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseCertificateHeader reads one certificate, as PEM with the escapes of a URL (nginx) or as DER in base64 (HAProxy, Caddy,
// Traefik), which may stand between colons (Client-Cert of RFC 9440). The error says nothing of the value.
func parseCertificateHeader(value string) (*x509.Certificate, error) {
	if len(value) > maxCertificateHeader {
		return nil, errCertificateHeader
	}
	der, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(value, ":"), ":"))
	if strings.HasPrefix(value, "-----BEGIN") {
		var text string
		text, err = url.PathUnescape(value)
		block, rest := pem.Decode([]byte(text))
		if err != nil || block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
			return nil, errCertificateHeader
		}
		der = block.Bytes
	}
	if err != nil {
		return nil, errCertificateHeader
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errCertificateHeader
	}
	return cert, nil
}
