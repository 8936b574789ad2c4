package ami

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/phoneprov/phoneprov/provision/regularfile"
)

// maxCA bounds a file of CAs, in bytes. A file of all public CAs has a fifth of it.
const maxCA = 1 << 20

// TLS dials the port that Asterisk has for TLS. Its method Dial is a Target.Dial.
type TLS struct {
	CA         string // path of a PEM file, read at each dial; empty: the system's CAs
	ServerName string // the name that the certificate must have; empty: the host of the address
}

// Dial connects and shakes hands before the context ends. The login is sent only after Asterisk's certificate was verified.
func (t TLS) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pool, err := readCA(t.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	plain, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(plain, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, handshakeError(ctx, err)
	}
	return conn, nil
}

func handshakeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return LateError("TLS handshake", ctx)
	}
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("certificate of asterisk is not valid: %s", plainCertificateError(bad.Err))
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errors.New("this port does not speak TLS: see tlsbindaddr in manager.conf")
	}
	return fmt.Errorf("TLS handshake: %w", PlainError(err))
}

// plainCertificateError is PlainError for certificates: it leaves the time of day out.
func plainCertificateError(err error) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "it has expired, or its time has not come"
	}
	return strings.TrimPrefix(err.Error(), "x509: ")
}

func readCA(path string) (*x509.CertPool, error) {
	text, _, err := regularfile.Read(path, maxCA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in it", path)
	}
	return pool, nil
}
