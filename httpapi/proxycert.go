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

// maxCertificateHeader bounds the header with a phone's certificate, in bytes: three times a certificate with an RSA
// key of 4,096 bits, with every byte encoded.
const maxCertificateHeader = 12 << 10

// errCertificateHeader is the reason in the log.
var errCertificateHeader = errors.New("the proxy's certificate header is malformed")

// presented returns the certificate that the phone showed, either in its own TLS connection or to a trusted proxy,
// which sends it in the header Access.CertificateHeader. The proxy checked in its handshake that the phone has the key;
// the CA is checked here, as for any other certificate. reason says what is wrong with the header.
//
// A header counts only from a proxy in Access.Proxies, and the proxy must replace or remove a header of that name from
// the phone. If headers count, the proxy's own certificate does not, because the proxy is not a phone.
func (a *api) presented(r *http.Request) (state *tls.ConnectionState, reason string) {
	if a.Access.CertificateHeader == "" || !a.fromProxy(r) {
		return r.TLS, ""
	}
	values := r.Header.Values(a.Access.CertificateHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return nil, ""
	}
	if len(values) > 1 { // it is not known which of them the proxy wrote
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

// parseCertificateHeader reads one certificate: as PEM with the escapes of a URL (nginx), or as DER in base64 (HAProxy,
// Caddy, Traefik), possibly between colons (Client-Cert of RFC 9440). The error does not contain the value.
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
