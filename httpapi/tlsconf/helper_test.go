package tlsconf

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/reload"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(secrets.Guard(m))
}

// secrets are the keys of the tests: no log and no error tells them.
var secrets = secrettest.New()

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// shape changes a certificate before it is signed.
type shape func(*x509.Certificate)

// serial numbers the certificates of a test run.
var serial atomic.Int64

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSAKey(t testing.TB) crypto.Signer { t.Helper(); return rsaKey(t, 2048) }

// smallRSAKey returns one that is found in a twentieth of the time. crypto/rsa makes no smaller one.
func smallRSAKey(t testing.TB) crypto.Signer { t.Helper(); return rsaKey(t, 1024) }

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var serverKeyOnce struct {
	sync.Once
	key crypto.Signer
}

// serverKey is the RSA key of all benches: one takes up to a second to find.
func serverKey(t testing.TB) crypto.Signer {
	t.Helper()
	serverKeyOnce.Do(func() { serverKeyOnce.key = newRSAKey(t) })
	return serverKeyOnce.key
}

// newCA is one that signs itself.
func newCA(t testing.TB, name string, shapes ...shape) *identity {
	t.Helper()
	return sign(t, nil, newKey(t), append([]shape{common(name), isCA}, shapes...)...)
}

// issue makes a certificate that the CA signs, valid for an hour unless the shapes say otherwise.
func (ca *identity) issue(t testing.TB, shapes ...shape) *identity {
	t.Helper()
	return sign(t, ca, newKey(t), shapes...)
}

func sign(t testing.TB, ca *identity, key crypto.Signer, shapes ...shape) *identity {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true,
	}
	for _, s := range shapes {
		s(template)
	}
	if ca == nil {
		ca = &identity{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &identity{cert, key}
}

func isCA(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }

func common(name string) shape { return subject(2, 5, 4, 3)(name) }

// subject adds an attribute to the subject, after those that are there.
func subject(oid ...int) func(value string) shape {
	return func(value string) shape {
		return func(c *x509.Certificate) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier(oid), Value: value})
		}
	}
}

// validity is from and to a time before or after now.
func validity(from, to time.Duration) shape {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(to) }
}

func loopback(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }

func (id *identity) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.cert.Raw})
}

func (id *identity) keyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(id.key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	secrets.AddKey(text)
	return text
}

// client is a client's certificate, with its chain.
func (id *identity) client(chain ...*identity) *tls.Certificate {
	c := &tls.Certificate{Certificate: [][]byte{id.cert.Raw}, PrivateKey: id.key}
	for _, ca := range chain {
		c.Certificate = append(c.Certificate, ca.cert.Raw)
	}
	return c
}

// bench is a Server with its files, listening on loopback.
type bench struct {
	*Server
	ca        *identity // of the server's certificate
	cert, key string    // paths
	addr      string
	log       *testkit.Log
	looks     int // that look has made
}

// newBench starts one. It answers a request with the MAC of the client's certificate, or the reason why there is none.
func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{ca: newCA(t, "server CA"), cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), log: new(testkit.Log)}
	b.install(t, sign(t, b.ca, serverKey(t), loopback)) // RSA, for old ciphers
	log := zerolog.New(io.MultiWriter(b.log, secrets.Stream("the log")))
	o.Cert, o.Key, o.Log = b.cert, b.key, log
	var err error
	if b.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", b.Config())
	if err != nil {
		t.Fatal(err)
	}
	b.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- httpapi.NewConnections(128).Serve(ctx, l, http.HandlerFunc(b.answer), log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return b
}

func (b *bench) answer(w http.ResponseWriter, r *http.Request) {
	mac, reason := b.ClientMAC(r.TLS)
	if reason == "" {
		reason = mac.String()
	}
	fmt.Fprintf(w, "%s: %s", r.Proto, reason)
}

func (b *bench) install(t testing.TB, id *identity) {
	t.Helper()
	testkit.Write(t, b.cert, id.certPEM())
	testkit.Write(t, b.key, id.keyPEM(t))
}

// look makes the Server look at its files, as if two seconds had passed since the look before.
func (b *bench) look() {
	b.looks++
	later := time.Now().Add(time.Duration(b.looks) * 2 * reload.Interval)
	b.pair.GetAt(later)
	if b.bundle != nil {
		b.bundle.GetAt(later)
	}
}

// trust is a client's configuration that trusts the server.
func (b *bench) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(b.ca.cert)
	return &tls.Config{RootCAs: roots}
}

// get asks on a new connection and returns the body, and the server's certificate.
func (b *bench) get(config *tls.Config) (body string, cert *x509.Certificate, err error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	return get(&client, b.addr)
}

func get(client *http.Client, addr string) (body string, cert *x509.Certificate, err error) {
	resp, err := client.Get("https://" + addr)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), resp.TLS.PeerCertificates[0], err
}
