package tlsconf

import (
	"crypto/x509"
	"testing"
)

var (
	serialNumber = subject(2, 5, 4, 5)
	surname      = subject(2, 5, 4, 4)
	state        = subject(2, 5, 4, 8)
	unit         = subject(2, 5, 4, 11)
	locality     = subject(2, 5, 4, 7)
	organization = subject(2, 5, 4, 10)
)

// subjects are the shapes of phones' certificates, and what they prove.
var subjects = []struct {
	name   string
	shapes []shape
	want   string // empty: nothing
}{
	{"CN", []shape{organization("Polycom Inc."), common("0004f2aabbcc")}, "0004f2aabbcc"},
	{"CN in upper case", []shape{common("000413AABBCC")}, "000413aabbcc"},
	{"CN with colons", []shape{common("00:15:65:aa:bb:cc")}, "001565aabbcc"},
	{"CN with dashes and blanks around", []shape{common(" 00-15-65-AA-BB-CC ")}, "001565aabbcc"},
	{"serial number", []shape{common("phone.example.org"), serialNumber("001565AABBCC")}, "001565aabbcc"},
	{"Cisco SPA's S, the surname", []shape{unit("SPA-962"), locality("88012BA01234"), surname("000e08abcdef")}, "000e08abcdef"},
	{"Cisco SPA's S, the state", []shape{unit("CP-8841-3PCC"), locality("88012BA01234"), state("000e08abcdef")}, "000e08abcdef"},
	{"Cisco SPA's generic certificate", []shape{unit("cisco.com"), locality("ciscogeneric"), surname("ciscogeneric")}, ""},
	{"Cisco enterprise, from the factory", []shape{common("CP-7962G-SEP001EBEAABBCC")}, "001ebeaabbcc"},
	{"Cisco enterprise, from CUCM", []shape{common("SEP001EBEAABBCC")}, "001ebeaabbcc"},
	{"the same in two fields", []shape{common("0004f2aabbcc"), serialNumber("00:04:F2:AA:BB:CC")}, "0004f2aabbcc"},
	{"another serial number beside it", []shape{common("0004f2aabbcc"), serialNumber("PID:X SN:FCH1")}, "0004f2aabbcc"},
	{"two in one field", []shape{common("0004f2aabbcc 0004f2aabbcd")}, ""},
	{"two CN", []shape{common("0004f2aabbcc"), common("0004f2aabbcd")}, ""},
	{"two fields that differ", []shape{common("0004f2aabbcc"), serialNumber("0004f2aabbcd")}, ""},
	{"something before it", []shape{common("phone-0004f2aabbcc")}, ""},
	{"something after it", []shape{common("0004f2aabbcc.example.org")}, ""},
	{"a word that ends in SEP", []shape{common("xSEP0004f2aabbcc")}, ""},
	{"Cisco enterprise, a longer product", []shape{common("CP-8832-K9-SEP001EBEAABBCC")}, "001ebeaabbcc"},
	{"a word before SEP", []shape{common("anything-SEP0004f2aabbcc")}, ""},
	{"words before SEP", []shape{common("CP-7962G-x-y-SEP0004f2aabbcc")}, ""},
	{"a product without its number", []shape{common("CP--SEP0004f2aabbcc")}, ""},
	{"SEP twice", []shape{common("SEP-SEP0004f2aabbcc")}, ""},
	{"SEP in another field's way", []shape{serialNumber("host-SEP0004f2aabbcc")}, ""},
	{"a name that has a product", []shape{common("evil CP-7962G-SEP0004f2aabbcc")}, ""},
	{"lower case", []shape{common("sep0004f2aabbcc")}, ""},
	{"zeros", []shape{common("000000000000")}, ""},
	{"in a field that says nothing", []shape{organization("0004f2aabbcc"), unit("0004f2aabbcc"), locality("0004f2aabbcc")}, ""},
	{"no MAC", []shape{common("phone.example.org")}, ""},
	{"no subject", nil, ""},
}

func TestCertificateMAC(t *testing.T) {
	ca := newCA(t, "0004f2000000") // whose name does not matter
	for _, tt := range subjects {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if mac, ok := CertificateMAC(ca.issue(t, tt.shapes...).cert); ok {
				got = mac.String()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSubjectAlternativeNamesDoNotMatter(t *testing.T) {
	ca := newCA(t, "CA")
	cert := ca.issue(t, func(c *x509.Certificate) { c.DNSNames = []string{"0004f2aabbcc"} }).cert
	if mac, ok := CertificateMAC(cert); ok {
		t.Errorf("got %v", mac)
	}
}
