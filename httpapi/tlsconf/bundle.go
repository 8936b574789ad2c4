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
	// maxChain is the most certificates that a client may present: phones have one to three.
	maxChain = 4
	// maxSignatures bounds the signatures of certificates that are looked at before x509 builds paths: a chain that is not of
	// the bundle's CAs costs a stranger's handshake no more. Each takes about 50 µs.
	maxSignatures = 16
)

// What is wrong with a client's certificate. The texts are the reasons in the log.
var (
	errNoCertificate = errors.New("no client certificate")
	errLongChain     = fmt.Errorf("client certificate with a chain of more than %d", maxChain)
	errNotYet        = errors.New("client certificate or a CA of it is not valid yet")
	errExpired       = errors.New("client certificate or a CA of it has expired")
	errWeak          = errors.New("client certificate or a CA of it is signed with SHA-1 or MD5")
	errUnknownCA     = errors.New("client certificate is not from a CA in client_ca")
)

// Bundle are the CAs whose certificates count.
type Bundle struct {
	roots         *x509.CertPool // all of them
	all           []*x509.Certificate
	intermediates []*x509.Certificate // those of all that did not sign themselves
}

// ParseBundle reads PEM certificates; what stands between them is comment.
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

// Verify checks that the first certificate leads to one of the bundle, at most over the others. acceptExpired passes over the
// end of validity of the first and of intermediates; a root's end counts, and every beginning.
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
	// x509 looks for the signature in the raw certificate, and for the validity in the fields beside it.
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

// issued are those of the certificates that a CA of the bundle has signed, or one of them that such a CA has. What a stranger
// made is dropped by the first signature, which is by a CA's key and no key of the stranger's choice.
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

// until is when what Verify says of the certificates may change with the time alone; zero: never.
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

// reason is an error that is the same for every certificate with the same fault.
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

// weak reports a signature that Go does not take. One by the certificate itself does not matter.
func weak(cert *x509.Certificate) bool {
	switch cert.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		return !bytes.Equal(cert.RawSubject, cert.RawIssuer)
	}
	return false
}
