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

// maxChain is the most certificates that a client may present: four are many, and each costs a signature.
const maxChain = 10

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
	intermediates []*x509.Certificate
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
	for _, cert := range slices.Concat(certs[1:], b.intermediates) {
		pool.AddCert(valid(cert))
	}
	_, err := valid(certs[0]).Verify(x509.VerifyOptions{
		Roots: b.roots, Intermediates: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return reason(err, certs, now)
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
