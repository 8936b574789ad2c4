package tlsconf

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

func bundleOf(t testing.TB, cas ...*identity) *Bundle {
	t.Helper()
	b, err := ParseBundle(bundleText(cas...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bundleText(cas ...*identity) []byte {
	text := []byte("# the CAs of our phones\n")
	for _, ca := range cas {
		text = append(text, ca.certPEM()...)
	}
	return text
}

func TestVerify(t *testing.T) {
	phone := common("0004f2aabbcc")
	old := validity(-20*day, -day) // has expired
	root := newCA(t, "root")
	oldRoot := newCA(t, "old root", old)
	issuing := root.issue(t, common("issuing"), isCA)
	oldIssuing := root.issue(t, common("old issuing"), isCA, old)
	sha1Key := smallRSAKey(t)
	sha1Root := sign(t, nil, sha1Key, common("SHA-1 root"), isCA, sha1)
	sha1Issuing := sign(t, sha1Root, sha1Key, common("SHA-1 issuing"), isCA, sha1)
	name := func(certs ...*identity) []*identity { return certs }
	long := name(root.issue(t, phone))
	for range maxChain {
		long = append(long, issuing)
	}
	for _, tt := range []struct {
		name          string
		bundle, certs []*identity
		want, expired error // without and with accept_expired
	}{
		{"of a root", name(root), name(root.issue(t, phone)), nil, nil},
		{"over an intermediate", name(root), name(issuing.issue(t, phone), issuing), nil, nil},
		{"over an intermediate of the bundle", name(root, issuing), name(issuing.issue(t, phone)), nil, nil},
		{"of an intermediate without its root", name(issuing), name(issuing.issue(t, phone)), nil, nil},
		{"for servers", name(root), name(root.issue(t, phone, usage(x509.ExtKeyUsageServerAuth))), nil, nil},
		{"another CA", name(root), name(newCA(t, "other").issue(t, phone)), errUnknownCA, errUnknownCA},
		{"another CA of the same name", name(root), name(newCA(t, "root").issue(t, phone)), errUnknownCA, errUnknownCA},
		{"its own CA", name(root), name(newCA(t, "0004f2aabbcc")), errUnknownCA, errUnknownCA},
		{"of a phone", name(root), func() []*identity {
			other := root.issue(t, common("0004f2000001"))
			return name(other.issue(t, phone), other)
		}(), errUnknownCA, errUnknownCA},
		{"a missing intermediate", name(root), name(issuing.issue(t, phone)), errUnknownCA, errUnknownCA},
		{"expired", name(root), name(root.issue(t, phone, old)), errExpired, nil},
		{"an expired intermediate", name(root), name(oldIssuing.issue(t, phone), oldIssuing), errExpired, nil},
		{"an expired intermediate of the bundle", name(root, oldIssuing), name(oldIssuing.issue(t, phone, old)), errExpired, nil},
		{"an expired root", name(oldRoot), name(oldRoot.issue(t, phone)), errExpired, errExpired},
		{"expired, of another CA", name(root), name(newCA(t, "other").issue(t, phone, old)), errExpired, errUnknownCA},
		{"not valid yet", name(root), name(root.issue(t, phone, validity(day, 2*day))), errNotYet, errNotYet},
		{"signed with SHA-1", name(sha1Root), name(sign(t, sha1Root, sha1Key, phone, sha1)), errWeak, errWeak},
		{"over an intermediate signed with SHA-1", name(sha1Root), name(sign(t, sha1Issuing, sha1Key, phone), sha1Issuing), errWeak, errWeak},
		{"that intermediate in the bundle", name(sha1Issuing), name(sign(t, sha1Issuing, sha1Key, phone)), nil, nil},
		{"a root signed with SHA-1", name(sha1Root), name(sign(t, sha1Root, sha1Key, phone)), nil, nil},
		{"a long chain", name(root), long, errLongChain, errLongChain},
		{"none", name(root), nil, errNoCertificate, errNoCertificate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var certs []*x509.Certificate
			for _, id := range tt.certs {
				certs = append(certs, id.cert)
			}
			before := slices.Clone(certs)
			b := bundleOf(t, tt.bundle...)
			if err := b.Verify(certs, time.Now(), false); err != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err := b.Verify(certs, time.Now(), true); err != tt.expired {
				t.Errorf("accept_expired: got %v, want %v", err, tt.expired)
			}
			if !slices.Equal(certs, before) || len(certs) > 0 && !certs[0].NotAfter.Equal(tt.certs[0].cert.NotAfter) {
				t.Error("the certificates were changed")
			}
		})
	}
}

func sha1(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }

func usage(u x509.ExtKeyUsage) shape {
	return func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{u} }
}

func TestBadBundles(t *testing.T) {
	ca := newCA(t, "CA")
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "no certificate in it"},
		{"not PEM", "x\n", "no certificate in it"},
		{"a key", string(ca.certPEM()) + string(ca.keyPEM(t)), "block 2 is not a certificate"},
		{"rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1: x509: malformed certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseBundle([]byte(tt.text)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
