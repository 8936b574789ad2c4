package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// Real handshakes with every shape of certificate.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ca, other := newCA(t, "phones"), newCA(t, "others")
	issuing := ca.issue(t, common("issuing"), isCA)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	testkit.Write(t, bundle, ca.certPEM())
	strict := newBench(t, Options{ClientCA: bundle})
	lenient := newBench(t, Options{ClientCA: bundle, AcceptExpired: true})
	ask := func(t *testing.T, b *bench, version uint16, cert *tls.Certificate, want string) {
		t.Helper()
		config := b.trust()
		config.MinVersion, config.MaxVersion = version, version
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
		if got, _, err := b.get(config); err != nil || got != "HTTP/1.1: "+want {
			t.Errorf("%s: got %q, %v, want %q", tls.VersionName(version), got, err, want)
		}
	}
	for _, tt := range subjects {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want == "" {
				want = "client certificate names no phone, or more than one"
			}
			cert := ca.issue(t, tt.shapes...).client()
			ask(t, strict, tls.VersionTLS12, cert, want)
			ask(t, strict, tls.VersionTLS13, cert, want)
		})
	}
	const mac = "0004f2aabbcc"
	for _, tt := range []struct {
		name          string
		cert          *tls.Certificate
		want, lenient string
	}{
		{"none", new(tls.Certificate), errNoCertificate.Error(), errNoCertificate.Error()},
		{"over an intermediate", issuing.issue(t, common(mac)).client(issuing), mac, mac},
		{"with the root", ca.issue(t, common(mac)).client(ca), mac, mac},
		{"another CA", other.issue(t, common(mac)).client(other), errUnknownCA.Error(), errUnknownCA.Error()},
		{"expired", ca.issue(t, common(mac), validity(-2*day, -day)).client(), errExpired.Error(), mac},
		{"not valid yet", ca.issue(t, common(mac), validity(day, 2*day)).client(), errNotYet.Error(), errNotYet.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ask(t, strict, tls.VersionTLS12, tt.cert, tt.want)
			ask(t, strict, tls.VersionTLS13, tt.cert, tt.want)
			ask(t, lenient, tls.VersionTLS13, tt.cert, tt.lenient)
		})
	}
}

// The certificate is public; who has no key to it does not get through the handshake.
func TestStolenCertificate(t *testing.T) {
	ca := newCA(t, "phones")
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	testkit.Write(t, bundle, ca.certPEM())
	b := newBench(t, Options{ClientCA: bundle})
	stolen := &identity{ca.issue(t, common("0004f2aabbcc")).cert, newKey(t)}
	config := b.trust()
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return stolen.client(), nil }
	if body, _, err := b.get(config); err == nil {
		t.Errorf("got %q", body)
	}
}

func TestClientCertificateIsNotAskedFor(t *testing.T) {
	b := newBench(t, Options{})
	config := b.trust()
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		t.Error("it was asked for")
		return new(tls.Certificate), nil
	}
	if body, _, err := b.get(config); err != nil || body != "HTTP/1.1: "+errNoCertificate.Error() {
		t.Errorf("got %q, %v", body, err)
	}
	if _, reason := b.ClientMAC(nil); reason != errNoCertificate.Error() {
		t.Errorf("without TLS: got %q", reason)
	}
}

// A session that is resumed is judged like a new one, by the bundle of now.
func TestResumedSession(t *testing.T) {
	t.Parallel()
	ca, other := newCA(t, "phones"), newCA(t, "others")
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	testkit.Write(t, bundle, ca.certPEM())
	b := newBench(t, Options{ClientCA: bundle})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := b.trust()
		config.MaxVersion, config.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
		config.Certificates = []tls.Certificate{*ca.issue(t, common("0004f2aabbcc")).client()}
		resumed := false
		config.VerifyConnection = func(s tls.ConnectionState) error { resumed = s.DidResume; return nil }
		for range 2 {
			if body, _, err := b.get(config); err != nil || body != "HTTP/1.1: 0004f2aabbcc" {
				t.Errorf("got %q, %v", body, err)
			}
		}
		if !resumed {
			t.Errorf("%s: the session was not resumed", tls.VersionName(version))
		}
		testkit.Write(t, bundle, other.certPEM())
		testkit.Eventually(t, "the CA is gone", func() bool {
			b.look()
			body, _, err := b.get(config)
			return err == nil && body == "HTTP/1.1: "+errUnknownCA.Error()
		})
		if !resumed {
			t.Errorf("%s: the session was not resumed when the CA was gone", tls.VersionName(version))
		}
		testkit.Write(t, bundle, ca.certPEM())
		testkit.Eventually(t, "the CA is back", func() bool {
			b.look()
			body, _, err := b.get(config)
			return err == nil && body == "HTTP/1.1: 0004f2aabbcc"
		})
	}
}

// HTTP/2 is not spoken, even to a client that would like it.
func TestNoHTTP2(t *testing.T) {
	b := newBench(t, Options{})
	config := b.trust()
	config.NextProtos = []string{"h2", "http/1.1"}
	conn, err := tls.Dial("tcp", b.addr, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("got %q", got)
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	ca := newCA(t, "CA")
	one, two := ca.issue(t, loopback), ca.issue(t, loopback)
	testkit.Write(t, path("one.pem"), one.certPEM())
	testkit.Write(t, path("one.key"), one.keyPEM(t))
	testkit.Write(t, path("two.key"), two.keyPEM(t))
	testkit.Write(t, path("empty"), "")
	testkit.Write(t, path("large"), make([]byte, maxFile+1))
	for _, tt := range []struct{ name, cert, key, ca, want string }{
		{"no certificate", "none", "one.key", "", "stat DIR/none: no such file or directory"},
		{"no key", "one.pem", "none", "", "stat DIR/none: no such file or directory"},
		{"empty certificate", "empty", "one.key", "", "DIR/empty: tls: failed to find any PEM data in certificate input"},
		{"another's key", "one.pem", "two.key", "", "DIR/one.pem: tls: private key does not match public key"},
		{"a directory", ".", "one.key", "", "DIR: not a regular file"},
		{"a large file", "large", "one.key", "", "DIR/large: longer than 1048576 bytes"},
		{"no bundle", "one.pem", "one.key", "none", "stat DIR/none: no such file or directory"},
		{"empty bundle", "one.pem", "one.key", "empty", "DIR/empty: no certificate in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Cert: path(tt.cert), Key: path(tt.key), Log: zerolog.New(secrets.Stream("a log"))}
			if tt.ca != "" {
				o.ClientCA = path(tt.ca)
			}
			if _, err := New(o); err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// curl, as an admin would try it.
func TestCurl(t *testing.T) {
	t.Parallel()
	ca, dir := newCA(t, "phones"), t.TempDir()
	bundle := filepath.Join(dir, "ca.pem")
	testkit.Write(t, bundle, ca.certPEM())
	b := newBench(t, Options{ClientCA: bundle})
	phone := ca.issue(t, unit("SPA-962"), surname("000e08abcdef"))
	for name, text := range map[string][]byte{"server.pem": b.ca.certPEM(), "phone.pem": phone.certPEM(), "phone.key": phone.keyPEM(t)} {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	for want, args := range map[string][]string{
		"HTTP/1.1: 000e08abcdef":                {"--cert", "phone.pem", "--key", "phone.key"},
		"HTTP/1.1: " + errNoCertificate.Error(): nil,
	} {
		args = append([]string{"-sS", "--noproxy", "*", "--cacert", "server.pem", "https://" + b.addr}, args...)
		if got := run(t, dir, "curl", args...); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// run runs a client program, which must be there where the oracle must.
func run(t *testing.T, dir, name string, args ...string) (output string) {
	t.Helper()
	oracle.NeedProgram(t, name)
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // what it printed says more
	return string(out)
}

// plainClient is one without a certificate that may speak one version only.
func (b *bench) plainClient(version uint16, ciphers ...uint16) *tls.Config {
	config := b.trust()
	config.MinVersion, config.MaxVersion, config.CipherSuites = version, version, ciphers
	return config
}

func certOf(t *testing.T, b *bench) *x509.Certificate {
	t.Helper()
	_, cert, err := b.get(b.trust())
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
