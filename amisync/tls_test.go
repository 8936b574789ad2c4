package amisync

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// asteriskName is what the tests' certificates are for.
const asteriskName = "asterisk.test"

// testCert is a certificate with its key, PEM; without a CA one that signs itself.
type testCert struct {
	cert      *x509.Certificate
	key       *ecdsa.PrivateKey
	text, pem string
}

func newTestCert(t testing.TB, ca *testCert, validity time.Duration, names ...string) *testCert {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(validity),
		BasicConstraintsValid: true, IsCA: len(names) == 0, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	parent := &testCert{cert: template, key: key}
	if ca != nil {
		parent = ca
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	secrets.AddKey(keyPEM)
	return &testCert{cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(keyPEM)}
}

// file writes a text into a new directory.
func file(t testing.TB, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ca.pem")
	testkit.Write(t, path, text)
	return path
}

// fakeTLS is fake with TLS. cert returns the certificate for each handshake.
func fakeTLS(t *testing.T, cert func() *testCert) (address string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c := cert()
		return &tls.Certificate{Certificate: [][]byte{c.cert.Raw}, PrivateKey: c.key}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	amitest.StartOn(t, l, amitest.Files(t, sample), amiserver.Options{})
	return l.Addr().String()
}

func TestTLSRefuses(t *testing.T) {
	t.Parallel()
	ca := newTestCert(t, nil, time.Hour)
	good := newTestCert(t, ca, time.Hour, asteriskName)
	caFile := file(t, ca.text)
	address := fakeTLS(t, func() *testCert { return good })
	expired := fakeTLS(t, func() *testCert { return newTestCert(t, ca, -time.Hour, asteriskName) })
	nameless := newTestCert(t, nil, time.Hour)
	_, plain := fake(t, sample, amiserver.Options{})
	for _, tt := range []struct {
		name, address, ca, server, want string
	}{
		{"another CA", address, file(t, newTestCert(t, nil, time.Hour).text), asteriskName,
			"certificate of asterisk is not valid: certificate signed by unknown authority"},
		{"the system's CAs", address, "", asteriskName, "certificate of asterisk is not valid: certificate signed by unknown authority"},
		{"another name", address, caFile, "other.test", "certificate of asterisk is not valid: certificate is valid for asterisk.test, not other.test"},
		{"the address, which is no name of it", address, caFile, "",
			"certificate of asterisk is not valid: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"},
		{"a name in CN only", fakeTLS(t, func() *testCert { return nameless }), file(t, nameless.text), "test",
			"certificate of asterisk is not valid: certificate relies on legacy Common Name field, use SANs instead"},
		{"expired", expired, caFile, asteriskName, "certificate of asterisk is not valid: it has expired, or its time has not come"},
		{"no TLS", plain, caFile, asteriskName, "this port does not speak TLS: see tlsbindaddr in manager.conf"},
		{"no such CA", address, "/nowhere/ca.pem", asteriskName, "stat /nowhere/ca.pem: no such file or directory"},
		{"no CA in it", address, "/dev/null", asteriskName, "/dev/null: not a regular file"},
		{"a CA that is none", address, file(t, good.pem), asteriskName, "DIR/ca.pem: no certificate in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			target := testTarget(t, tt.address)
			target.Dial = ami.TLS{CA: tt.ca, ServerName: tt.server}.Dial
			_, err := ami.Connect(testkit.Within(t, testkit.Patience), target, nil)
			want := "asterisk cannot be reached: " + strings.Replace(tt.want, "DIR", filepath.Dir(tt.ca), 1)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
			if err != nil && strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("a key is in %v", err)
			}
		})
	}
}

// A new CA in the file counts at the next attempt. A certificate can be its own CA.
func TestTLSNewCA(t *testing.T) {
	current := newTestCert(t, nil, time.Hour, asteriskName)
	path := file(t, newTestCert(t, nil, time.Hour).text)
	r := start(t, Options{Address: fakeTLS(t, func() *testCert { return current }), Dial: ami.TLS{CA: path, ServerName: asteriskName}.Dial})
	testkit.Eventually(t, "the refusal", func() bool {
		return strings.Contains(r.log.String(), "certificate of asterisk is not valid: certificate signed by unknown authority")
	})
	testkit.Write(t, path, current.text)
	r.waitPhones(t, 1)
}

// A peer that accepts the connection and says nothing costs no more than the deadline.
func TestTLSDeadline(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	target := testTarget(t, l.Addr().String())
	target.Dial = ami.TLS{}.Dial
	_, err = ami.Connect(ctx, target, nil)
	if want := "asterisk cannot be reached: TLS handshake: asterisk did not answer in time: context deadline exceeded"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestAsteriskTLS uses TLS with a real Asterisk.
func TestAsteriskTLS(t *testing.T) {
	ca := newTestCert(t, nil, time.Hour)
	cert := newTestCert(t, ca, time.Hour, asteriskName)
	caFile, otherFile := file(t, ca.text), file(t, newTestCert(t, nil, time.Hour).text)
	files := map[string]string{
		"manager.conf": "[general]\nenabled=yes\nbindaddr=127.0.0.1\ntlsenable=yes\ntlsbindaddr=0.0.0.0:5039\n" +
			"tlscertfile=" + oracle.ConfigPath + "/ami.pem\ntlsprivatekey=" + oracle.ConfigPath + "/ami.key\n" +
			"[phoneprov]\nsecret=" + testSecret + "\n" + leastRights,
		"ami.pem": cert.text, "ami.key": cert.pem,
		"phoneprov.conf": sample["phoneprov.conf"], "users.conf": sample["users.conf"],
	}
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: files})
			address := a.IP + ":5039"
			t.Run("refused", func(t *testing.T) { testTLSRefused(t, address, caFile, otherFile) })
			r := start(t, Options{Address: address, Dial: ami.TLS{CA: caFile, ServerName: asteriskName}.Dial})
			r.waitPhones(t, 1)
			if got, err := r.Ask(t.Context(), "MD5(x)"); err != nil || got != "9dd4e461268c8034f5c8564e155c67a6" {
				t.Errorf("Ask: got %q, %v", got, err)
			}
			a.Write(t, "users.conf", sample["users.conf"]+"[6002]\nautoprov=yes\nmacaddress=001122334466\nprofile=p\nusername=6002\n")
			a.CLI(t, "module reload res_phoneprov.so")
			r.waitPhones(t, 2)
			a.Kill(t)
			testkit.Eventually(t, "the loss", func() bool { return !r.Status().Connected })
			a.Boot(t)
			testkit.Eventually(t, "the connection", func() bool { return r.Status().Connected && r.Status().LastError == "" })
		})
	}
}

func testTLSRefused(t *testing.T, address, caFile, otherFile string) {
	for want, settings := range map[string]ami.TLS{
		"certificate signed by unknown authority":                                {CA: otherFile, ServerName: asteriskName},
		"certificate is valid for asterisk.test, not other.test":                 {CA: caFile, ServerName: "other.test"},
		"cannot validate certificate for " + address[:len(address)-len(":5039")]: {CA: caFile},
	} {
		target := testTarget(t, address)
		target.Dial = settings.Dial
		_, err := ami.Connect(testkit.Within(t, testkit.Patience), target, nil)
		if want = "asterisk cannot be reached: certificate of asterisk is not valid: " + want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
