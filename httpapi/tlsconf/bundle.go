package tlsconf

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// maxChain bounds the certificates that a client may present. Phones have one to three.
	maxChain = 4
	// maxSignatures bounds the signatures that are checked before x509 builds paths, about 50 µs each. So a chain that
	// no CA of the bundle signed costs no more than a handshake.
	maxSignatures = 16
)

// Faults of a client's certificate. The texts are the reasons in the log.
var (
	errNoCertificate = errors.New("no client certificate")
	errLongChain     = fmt.Errorf("client certificate with a chain of more than %d", maxChain)
	errNotYet        = errors.New("client certificate or a CA of it is not valid yet")
	errExpired       = errors.New("client certificate or a CA of it has expired")
	errWeak          = errors.New("client certificate or a CA of it is signed with SHA-1 or MD5")
	errUnknownCA     = errors.New("client certificate is not from a CA in client_ca")
)

// Bundle has the CAs that count.
type Bundle struct {
	roots         *x509.CertPool // all CAs
	all           []*x509.Certificate
	intermediates []*x509.Certificate // the CAs that did not sign themselves
}

// ParseBundle parses PEM certificates. Text between them is ignored.
func ParseBundle(text []byte) (*Bundle, error) {
	b := &Bundle{roots: x509.NewCertPool()}
	found := 0
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		found++
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("block %d is not a certificate", found)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", found, err)
		}
		b.roots.AddCert(cert)
		b.all = append(b.all, cert)
		if !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			b.intermediates = append(b.intermediates, cert)
		}
	}
	if found == 0 {
		return nil, errors.New("no certificate in it")
	}
	return b, nil
}

func parseBundle(texts [][]byte) (*Bundle, error) { return ParseBundle(texts[0]) }

// Verify checks that the first certificate leads to a CA of the bundle, directly or through the other certificates.
// acceptExpired ignores the end of validity of the first certificate and of intermediates, but not of a root, and never
// the beginning.
func (b *Bundle) Verify(certs []*x509.Certificate, now time.Time, acceptExpired bool) error {
	switch {
	case len(certs) == 0:
		return errNoCertificate
	case len(certs) > maxChain:
		return errLongChain
	case now.Before(certs[0].NotBefore):
		return errNotYet
	case now.After(certs[0].NotAfter) && !acceptExpired:
		return errExpired
	}
	issuers := b.issued(certs[1:])
	if !slices.ContainsFunc(slices.Concat(b.all, issuers), func(ca *x509.Certificate) bool { return namesIssuer(certs[0], ca) }) {
		return reason(x509.UnknownAuthorityError{}, certs, now)
	}
	// x509 verifies the signature of the raw certificate, but takes the validity from the fields beside it.
	valid := func(cert *x509.Certificate) *x509.Certificate {
		if !acceptExpired || cert.NotAfter.After(now) {
			return cert
		}
		extended := *cert
		extended.NotAfter = now
		return &extended
	}
	pool := x509.NewCertPool()
	for _, cert := range slices.Concat(issuers, b.intermediates) {
		pool.AddCert(valid(cert))
	}
	_, err := valid(certs[0]).Verify(x509.VerifyOptions{
		Roots: b.roots, Intermediates: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return reason(err, certs, now)
}

// issued returns the certificates that a CA of the bundle signed, directly or through another of them. The first
// signature, which is by a CA's key, drops what a stranger made.
func (b *Bundle) issued(certs []*x509.Certificate) (kept []*x509.Certificate) {
	left := maxSignatures
	for {
		var others []*x509.Certificate
		for _, cert := range certs {
			signed := slices.ContainsFunc(slices.Concat(b.all, kept), func(ca *x509.Certificate) bool {
				if left == 0 || !namesIssuer(cert, ca) {
					return false
				}
				left--
				return cert.CheckSignatureFrom(ca) == nil
			})
			if signed {
				kept = append(kept, cert)
			} else {
				others = append(others, cert)
			}
		}
		if len(others) == 0 || len(others) == len(certs) {
			return kept
		}
		certs = others
	}
}

// namesIssuer reports a CA with the name of a certificate's issuer.
func namesIssuer(cert, ca *x509.Certificate) bool { return bytes.Equal(cert.RawIssuer, ca.RawSubject) }

// until returns when the result of Verify may change with time; zero: never.
func (b *Bundle) until(certs []*x509.Certificate, now time.Time) (change time.Time) {
	for _, cert := range slices.Concat(certs, b.all) {
		for _, at := range [...]time.Time{cert.NotBefore, cert.NotAfter} {
			if !at.Before(now) && (change.IsZero() || at.Before(change)) {
				change = at
			}
		}
	}
	return change
}

// reason returns an error that is the same for all certificates with the same fault.
func reason(err error, certs []*x509.Certificate, now time.Time) error {
	if err == nil {
		return nil
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		if now.Before(invalid.Cert.NotBefore) {
			return errNotYet
		}
		return errExpired
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		if slices.ContainsFunc(certs, weak) {
			return errWeak
		}
		return errUnknownCA
	}
	return fmt.Errorf("client certificate: %w", err)
}

// weak reports a signature that Go does not accept. The signature of a certificate by itself does not matter.
func weak(cert *x509.Certificate) bool {
	switch cert.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		return !bytes.Equal(cert.RawSubject, cert.RawIssuer)
	}
	return false
}
