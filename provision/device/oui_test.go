package device

import (
	"slices"
	"strings"
	"testing"
)

func TestVendorOfMAC(t *testing.T) {
	for mac, want := range map[string]string{
		"0004f2000001": "Poly", "001565aabbcc": "Yealink", "805ec0123456": "Yealink", "000413123456": "Snom", "000b82123456": "Grandstream",
		"000fd3123456": "Sangoma", "08000f123456": "Mitel", "020000000001": "", "000000000000": "", "ffffffffffff": "",
	} {
		m, err := ParseMAC(mac)
		if err != nil {
			t.Fatal(err)
		}
		if got := VendorOfMAC(m); got != want {
			t.Errorf("%s: got %q, want %q", mac, got, want)
		}
	}
}

func TestVendorOUIsAreVendors(t *testing.T) {
	seen := map[string]string{}
	for _, row := range vendorOUIs {
		if !slices.Contains(Vendors(), row.vendor) {
			t.Errorf("%s is no vendor that a User-Agent tells", row.vendor)
		}
		for oui := range strings.FieldsSeq(row.ouis) {
			if len(oui) != 6 || strings.Trim(oui, "0123456789abcdef") != "" || seen[oui] != "" {
				t.Errorf("%s of %s: no OUI, or that of %q too", oui, row.vendor, seen[oui])
			}
			seen[oui] = row.vendor
		}
	}
}
