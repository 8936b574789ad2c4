package httpapi

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// A certificate in a header counts from a trusted proxy only, in each of the formats, once, and where the setting names it.
func TestCertificateHeader(t *testing.T) {
	t.Parallel()
	const proxy, stranger = "10.9.9.9:1", "203.0.113.5:1"
	ca, others := newAuthority(t), newAuthority(t)
	own := ca.issue(t, "0011223344aa").Raw
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own}))
	der := base64.StdEncoding.EncodeToString(own)
	escaped := strings.ReplaceAll(url.QueryEscape(text), "+", "%20") // as nginx
	const header = "X-Client-Cert"
	for _, row := range []struct {
		name, remote, setting, header string
		values                        []string
		want                          int
		reason                        string // of the certificate, in the log
	}{
		{"DER", proxy, header, header, []string{der}, 200, ""},
		{"DER between colons", proxy, header, header, []string{":" + der + ":"}, 200, ""},
		{"PEM, everything escaped", proxy, header, header, []string{escaped}, 200, ""},
		{"PEM, as little escaped as may be", proxy, header, header, []string{strings.ReplaceAll(text, "\n", "%0A")}, 200, ""},
		{"RFC 9440's name", proxy, "Client-Cert", "client-cert", []string{":" + der + ":"}, 200, ""},
		{"from a stranger", stranger, header, header, []string{der}, 404, ""},
		{"the setting is off", proxy, "", header, []string{der}, 404, ""},
		{"another header", proxy, header, "X-Client-Certificate", []string{der}, 404, ""},
		{"none", proxy, header, header, nil, 404, ""},
		{"empty", proxy, header, header, []string{""}, 404, ""},
		{"twice", proxy, header, header, []string{der, der}, 404, errCertificateHeader.Error()},
		{"two in one line", proxy, header, header, []string{der + ", " + der}, 404, errCertificateHeader.Error()},
		{"two in one PEM", proxy, header, header, []string{url.PathEscape(text + text)}, 404, errCertificateHeader.Error()},
		{"a key in PEM", proxy, header, header, []string{url.PathEscape(strings.ReplaceAll(text, "CERTIFICATE", "PRIVATE KEY"))}, 404, errCertificateHeader.Error()},
		{"cut off", proxy, header, header, []string{der[:len(der)/2/4*4]}, 404, errCertificateHeader.Error()},
		{"broken escapes", proxy, header, header, []string{"-----BEGIN%2"}, 404, errCertificateHeader.Error()},
		{"a subject", proxy, header, header, []string{"CN=0011223344aa"}, 404, errCertificateHeader.Error()},
		{"too long", proxy, header, header, []string{strings.Repeat("A", maxCertificateHeader+4)}, 404, errCertificateHeader.Error()},
		{"another phone's", proxy, header, header, []string{base64.StdEncoding.EncodeToString(ca.issue(t, "0011223344ab").Raw)}, 404, ""},
		{"of another CA", proxy, header, header, []string{base64.StdEncoding.EncodeToString(others.issue(t, "0011223344aa").Raw)}, 404, "client certificate is not from a CA in client_ca"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, "", nil)
			s.Access.Certificates, s.Access.CertificateHeader = ca.server(t), row.setting
			s.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.9.9/32")}
			s.Access.Rules.Allow = []netip.Prefix{}
			w := from(Phones(s.Options), row.remote, "0011223344aa.cfg", func(r *http.Request) {
				r.Header.Set("X-Forwarded-For", "203.0.113.5")
				for _, v := range row.values {
					r.Header.Add(row.header, v)
				}
			})
			if w.Code != row.want {
				t.Errorf("got %d, want %d: %s", w.Code, row.want, s.log.String())
			}
			if log := s.log.String(); row.reason != "" && !strings.Contains(log, `"certificate":"`+row.reason+`"`) || strings.Contains(log, der[:40]) {
				t.Errorf("the log has not the reason %q, or has the header: %s", row.reason, log)
			}
		})
	}
}

// A proxy's own certificate is no phone's, even where it has a MAC.
func TestProxysOwnCertificate(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := newSite(t, "", nil)
	s.Access.Certificates, s.Access.CertificateHeader = ca.server(t), "X-Client-Cert"
	s.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.9.9/32")}
	s.Access.Rules.Allow = []netip.Prefix{}
	for remote, want := range map[string]int{"10.9.9.9:1": 404, "203.0.113.5:1": 200} {
		if w := from(Phones(s.Options), remote, "0011223344aa.cfg", ca.present(t, "0011223344aa")); w.Code != want {
			t.Errorf("%s: got %d, want %d: %s", remote, w.Code, want, s.log.String())
		}
	}
}
