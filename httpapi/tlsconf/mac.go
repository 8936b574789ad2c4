package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"regexp"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// ClientMAC returns the phone that the certificate of a connection proves, or the zero MAC and the reason. It verifies
// a chain once per bundle, however many requests and connections come with it.
func (s *Server) ClientMAC(state *tls.ConnectionState) (mac device.MAC, reason string) {
	if s.bundle == nil || state == nil {
		return device.MAC{}, errNoCertificate.Error()
	}
	if len(state.PeerCertificates) > maxChain {
		return device.MAC{}, errLongChain.Error()
	}
	bundle, now := s.bundle.Get(), time.Now()
	chain := hashOf(state.PeerCertificates)
	if v, ok := s.verdicts.get(chain, bundle, now); ok {
		return v.mac, v.reason
	}
	v := verdict{bundle: bundle, until: bundle.until(state.PeerCertificates, now)}
	v.mac, v.reason = s.clientMAC(bundle, state, now)
	s.verdicts.put(chain, v)
	return v.mac, v.reason
}

func (s *Server) clientMAC(bundle *Bundle, state *tls.ConnectionState, now time.Time) (mac device.MAC, reason string) {
	if err := bundle.Verify(state.PeerCertificates, now, s.o.AcceptExpired); err != nil {
		return device.MAC{}, err.Error()
	}
	mac, ok := CertificateMAC(state.PeerCertificates[0])
	if !ok {
		return device.MAC{}, "client certificate names no phone, or more than one"
	}
	return mac, ""
}

// CertificateMAC returns the MAC in the subject of a phone's certificate: in its CN (Poly, Snom, Yealink, most others),
// in its serial number, or in what Cisco's SPA and MPP phones write as "S=", which OpenSSL takes for the surname and
// others for the state. The field must be a MAC and nothing else, except that Cisco's enterprise phones have "SEP" or
// "CP-7962G-SEP" before it. Other fields do not matter. If two fields have different MACs, there is none.
func CertificateMAC(cert *x509.Certificate) (mac device.MAC, ok bool) {
	for _, name := range cert.Subject.Names {
		text, isText := name.Value.(string)
		if !isText || !namesPhone(name.Type) {
			continue
		}
		m, err := device.ParseMAC(afterSEP(text))
		switch {
		case err != nil || m == device.MAC{}:
		case ok && m != mac:
			return device.MAC{}, false
		default:
			mac, ok = m, true
		}
	}
	return mac, ok
}

// namesPhone reports the attributes of X.520 that can have the MAC: 3 common name, 4 surname, 5 serial number, 8 state.
func namesPhone(oid asn1.ObjectIdentifier) bool {
	if len(oid) != 4 || !oid[:3].Equal(asn1.ObjectIdentifier{2, 5, 4}) {
		return false
	}
	return oid[3] == 3 || oid[3] == 4 || oid[3] == 5 || oid[3] == 8
}

// enterprise matches what the name of a Cisco enterprise phone has before its MAC: SEP, or the product and SEP.
var enterprise = regexp.MustCompile(`^(?:CP-[0-9A-Z]{2,8}(?:-[0-9A-Z]{1,8})?-)?SEP`)

// afterSEP removes that part of a name.
func afterSEP(text string) string { return text[len(enterprise.FindString(text)):] }
