package httpapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/tlsconf"
)

// authority is a CA of a test, in a directory with what it made: NAME.pem and NAME.key.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert = a.issue(t, "ca")
	return a
}

// issue makes a certificate for a name and writes it; the first is the authority's own.
func (a *authority) issue(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
		parent, signer, a.key = template, key, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	secrets.AddKey(keyPEM)
	err = errors.Join(err,
		os.WriteFile(a.path(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(a.path(name+".key"), keyPEM, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// server trusts phones with a certificate of the authority, and has one of it itself.
func (a *authority) server(t testing.TB) *tlsconf.Server {
	t.Helper()
	a.issue(t, "server")
	s, err := tlsconf.New(tlsconf.Options{Cert: a.path("server.pem"), Key: a.path("server.key"), ClientCA: a.path("ca.pem"), Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// present makes a request one of a client whose certificate has that name.
func (a *authority) present(t testing.TB, name string) func(*http.Request) {
	cert := a.issue(t, name)
	return func(r *http.Request) {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, PeerCertificates: []*x509.Certificate{cert}}
	}
}
