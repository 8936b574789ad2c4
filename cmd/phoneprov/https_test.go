package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// selfSigned lays a certificate and its key in dir, and returns it.
func selfSigned(t *testing.T, dir, cn string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: cn}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	secrets.AddKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	for name, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		testkit.Write(t, filepath.Join(dir, cn+name), pem.EncodeToMemory(block))
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// httpsEnv is the settings of a service without Asterisk that serves HTTPS only.
func httpsEnv(dir string) map[string]string {
	return map[string]string{
		"PHONEPROV_ASTERISK_CONFIG": "files", "PHONEPROV_ASTERISK_CONFIG_DIR": "testdata/tree/asterisk",
		"PHONEPROV_ASTERISK_DATA_DIR": "testdata/tree/data", "PHONEPROV_AMI_ADDRESS": "", "PHONEPROV_ADMIN_LISTEN": "",
		"PHONEPROV_STATE_DIR": filepath.Join(dir, "state"), "PHONEPROV_HTTP_LISTEN": "", "PHONEPROV_HTTPS_LISTEN": "127.0.0.1:0", "PHONEPROV_LOG_LEVEL": "debug",
		"PHONEPROV_HTTPS_CERT": filepath.Join(dir, "server.pem"), "PHONEPROV_HTTPS_KEY": filepath.Join(dir, "server.key"),
	}
}

// What is said of a request that no phone made has HTTPS too, where that is all that there is.
func TestHTTPSOnce(t *testing.T) {
	dir := t.TempDir()
	selfSigned(t, dir, "server")
	env := httpsEnv(dir)
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for _, row := range []struct{ http, https, server, want string }{
		{"", ":8443", "pbx.test", "https://pbx.test:8443/phoneprov"},
		{"", ":443", "pbx.test", "https://pbx.test/phoneprov"},
		{"", ":80", "2001:db8::1", "https://[2001:db8::1]:80/phoneprov"},
		{"", ":8443", "pbx.test:4443", "https://pbx.test:4443/phoneprov"},
		{":443", ":8443", "pbx.test", "http://pbx.test:443/phoneprov"},
		{":80", ":8443", "pbx.test", "http://pbx.test/phoneprov"},
	} {
		env["PHONEPROV_HTTP_LISTEN"], env["PHONEPROV_HTTPS_LISTEN"] = row.http, row.https
		var out, errs bytes.Buffer
		run(t.Context(), []string{"render", "0004f2000001", "-explain", "-server", row.server}, lookup, strings.NewReader(""), &out, &errs)
		if !strings.Contains(out.String(), fmt.Sprintf(" %q ", row.want)) || errs.Len() > 0 {
			t.Errorf("%+v: no such PP_URL: %s%s", row, &out, &errs)
		}
	}
}

// check says of certificates what serve would.
func TestHTTPSCheck(t *testing.T) {
	dir := t.TempDir()
	selfSigned(t, dir, "server")
	env := httpsEnv(dir)
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for _, row := range []struct{ ca, want string }{
		{"", ""}, {"server.pem", ""}, {"server.key", "error: https: "}, {"none.pem", "error: https: "},
	} {
		env["PHONEPROV_ACCESS_CLIENT_CA"] = ""
		if row.ca != "" {
			env["PHONEPROV_ACCESS_CLIENT_CA"] = filepath.Join(dir, row.ca)
		}
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"check"}, lookup, strings.NewReader(""), &out, &errs)
		if (code == 0) != (row.want == "") || !strings.HasPrefix(out.String(), row.want) || row.want == "" && out.Len() > 0 {
			t.Errorf("client_ca %q: exit code %d: %s%s", row.ca, code, &out, &errs)
		}
	}
}

// HTTPS alone, with a phone's own certificate.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, phone := selfSigned(t, dir, "server"), selfSigned(t, dir, "0004f2000001")
	env := httpsEnv(dir)
	env["PHONEPROV_HTTPS_LEGACY"], env["PHONEPROV_ACCESS_CLIENT_CA"] = "yes", filepath.Join(dir, "0004f2000001.pem")
	v, log := runService(t, env, "")
	if v.phones != nil {
		t.Errorf("HTTP is served at %v", v.phones.Addr())
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Leaf)
	for version, name := range map[uint16]string{tls.VersionTLS10: "1.0", tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"} {
		asked := false
		config := &tls.Config{RootCAs: roots, MinVersion: version, MaxVersion: version}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { asked = true; return &phone, nil }
		client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		resp, err := client.Get("https://" + v.https.Addr().String() + "/phoneprov/0004f2000001.cfg")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.Contains(string(body), "name=Alice") || !asked {
			t.Errorf("%s: got %d %q, %v; asked for a certificate: %v", name, resp.StatusCode, body, err, asked)
		}
		testkit.WaitFor(t, func() error {
			if !strings.Contains(log.String(), fmt.Sprintf(`"tls":"%s"`, name)) {
				return fmt.Errorf("no line of TLS %s in %s", name, log.String())
			}
			return nil
		})
	}
	if !strings.Contains(log.String(), "https.legacy is on") {
		t.Error("the log does not tell of legacy")
	}
}

// Where no address is enough, a phone's certificate is: for its own file, and those that are nobody's.
func TestPhoneCertificate(t *testing.T) {
	dir := t.TempDir()
	server, phone, stranger := selfSigned(t, dir, "server"), selfSigned(t, dir, "0004f2000001"), selfSigned(t, dir, "0004f2000002")
	env := httpsEnv(dir)
	env["PHONEPROV_ACCESS_ALLOW"], env["PHONEPROV_ACCESS_CLIENT_CA"] = "", filepath.Join(dir, "0004f2000001.pem")
	v, log := runService(t, env, "")
	roots := x509.NewCertPool()
	roots.AddCert(server.Leaf)
	for _, tt := range []struct {
		name, file  string
		certificate *tls.Certificate
		status      int
	}{
		{"own file", "0004f2000001.cfg", &phone, 200},
		{"static file", "logo.bmp", &phone, 200},
		{"another's file", "0004f2000002.cfg", &phone, 404},
		{"no file", "0004f2000099.cfg", &phone, 404},
		{"not from the bundle", "0004f2000002.cfg", &stranger, 404},
		{"none", "0004f2000001.cfg", &tls.Certificate{}, 404},
	} {
		config := &tls.Config{RootCAs: roots}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tt.certificate, nil }
		client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		resp, err := client.Get("https://" + v.https.Addr().String() + "/phoneprov/" + tt.file)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: got %d, want %d", tt.name, resp.StatusCode, tt.status)
		}
	}
	for _, want := range []string{`"reason":"certificate"`, `"reason":"certificate of another phone"`, `"certificate":"client certificate is not from a CA in client_ca"`} {
		testkit.WaitFor(t, func() error {
			if !strings.Contains(log.String(), want) {
				return fmt.Errorf("no %s in %s", want, log.String())
			}
			return nil
		})
	}
}

// HTTP and HTTPS side by side; only the latter says its version in the log.
func TestHTTPAndHTTPS(t *testing.T) {
	dir := t.TempDir()
	selfSigned(t, dir, "server")
	env := httpsEnv(dir)
	env["PHONEPROV_HTTP_LISTEN"] = "127.0.0.1:0"
	v, log := runService(t, env, "")
	answer, err := v.fetch(http.DefaultClient, "pbx", "0004f2000001.cfg")
	if err != nil || answer.Status != 200 {
		t.Errorf("got %+v, %v", answer, err)
	}
	testkit.WaitFor(t, func() error {
		if !strings.Contains(log.String(), `"message":"request"`) {
			return fmt.Errorf("no request in %s", log.String())
		}
		return nil
	})
	if strings.Contains(log.String(), `"tls"`) {
		t.Errorf("TLS in %s", log.String())
	}
}

// What is wrong with the files is said before anything is served.
func TestHTTPSFiles(t *testing.T) {
	dir := t.TempDir()
	selfSigned(t, dir, "server")
	for _, tt := range []struct{ name, variable, value, want string }{
		{"certificate", "PHONEPROV_HTTPS_CERT", "/nowhere/x.pem", "https: stat /nowhere/x.pem: no such file or directory"},
		{"key", "PHONEPROV_HTTPS_KEY", "/nowhere/x.key", "https: stat /nowhere/x.key: no such file or directory"},
		{"client_ca", "PHONEPROV_ACCESS_CLIENT_CA", "/nowhere/ca.pem", "https: stat /nowhere/ca.pem: no such file or directory"},
		{"address", "PHONEPROV_HTTPS_LISTEN", "192.0.2.1:1", "https.listen: listen tcp 192.0.2.1:1: bind: cannot assign requested address"},
		{"no address at all", "PHONEPROV_HTTPS_LISTEN", "", "http.listen and https.listen are both empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := httpsEnv(dir)
			env[tt.variable] = tt.value
			s, err := loadSettings("", func(name string) (string, bool) { v, ok := env[name]; return v, ok })
			if err != nil {
				t.Fatal(err)
			}
			if _, err := newService(s, secrets.Stream("a log")); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
