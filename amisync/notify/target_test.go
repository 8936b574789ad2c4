package notify

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	yealinkUA = "Yealink SIP-T46S 66.84.0.15"
	snomUA    = "snomD785/10.1.33.33"
	cisco1UA  = "Cisco-CP-8841-3PCC/11.0 (0004f2000001)"
	cisco2UA  = "Cisco-CP-8841-3PCC/11.0 (0004f2000002)"
)

// contact returns a contact with an address and a User-Agent.
func contact(address, userAgent string) Contact {
	addr, _ := netip.ParseAddr(address)
	return Contact{URI: "sip:6001@" + address + ":5060", Address: addr, UserAgent: userAgent}
}

func TestSingleOut(t *testing.T) {
	mac, _ := device.ParseMAC("0004f2000001")
	desk := subject{mac: mac, address: netip.MustParseAddr("192.0.2.1"), vendor: "Yealink", model: "T46S"}
	cisco := subject{mac: mac, address: netip.MustParseAddr("192.0.2.1"), vendor: "Cisco", model: "CP-8841-3PCC"}
	line := func(contacts ...Contact) []Endpoint {
		return []Endpoint{{Name: "6001", Driver: PJSIP, Contacts: contacts}}
	}
	endpoint := Target{Driver: PJSIP, Endpoint: "6001"}
	uri := func(c Contact) Target { return Target{Driver: PJSIP, Endpoint: "6001", URI: c.URI} }
	here, there := contact("192.0.2.1", yealinkUA), contact("192.0.2.2", yealinkUA)
	for _, tt := range []struct {
		name     string
		phone    subject
		lines    []Endpoint
		shared   bool
		outbound string
		want     Target
		why      string // a part of the reason; empty: there is a target
	}{
		{"no line", desk, nil, false, "out", Target{}, notRegistered},
		{"no contact", desk, line(), false, "out", Target{}, notRegistered},
		{"one contact", desk, line(here), false, "", endpoint, ""},
		{"one contact, behind NAT", desk, line(there), false, "", endpoint, ""},
		{"one contact that says nothing of itself", desk, line(contact("192.0.2.9", "")), false, "", endpoint, ""},
		{"one contact, of another make", desk, line(contact("192.0.2.1", snomUA)), false, "out", Target{}, "it says that it is a Snom"},
		{"one contact, of another MAC", cisco, line(contact("192.0.2.1", cisco2UA)), false, "out", Target{}, "its MAC is 0004f2000002"},
		{"one contact, of this MAC", cisco, line(contact("192.0.2.9", cisco1UA)), false, "", endpoint, ""},
		{"a line of two phones, contact from elsewhere", desk, line(there), true, "out", Target{}, "line of several phones"},
		{"a line of two phones, contact from here", desk, line(here), true, "", endpoint, ""},
		{"a line of two phones, contact of this MAC", cisco, line(contact("192.0.2.9", cisco1UA)), true, "", endpoint, ""},
		{"two contacts, no outbound endpoint", desk, line(here, there), false, "", Target{}, "default_outbound_endpoint"},
		{"two contacts, one from here", desk, line(there, here), false, "out", uri(here), ""},
		{"two contacts, one of this MAC from elsewhere", cisco, line(contact("192.0.2.1", cisco2UA), contact("192.0.2.9", cisco1UA)), false, "out",
			uri(contact("192.0.2.9", cisco1UA)), ""},
		{"two contacts from here, one of this model", desk, line(here, contact("192.0.2.1", "Yealink SIP-T58A 58.84.0.1")), false, "out", uri(here), ""},
		{"two contacts from here, alike", desk, line(here, Contact{URI: "sip:6001@192.0.2.1:5070", Address: here.Address, UserAgent: yealinkUA}), false, "out", Target{}, "not exactly one"},
		{"two contacts, one of this model", desk, line(contact("192.0.2.7", yealinkUA), contact("192.0.2.8", snomUA)), false, "out", uri(contact("192.0.2.7", yealinkUA)), ""},
		{"two contacts, none that is known", desk, line(contact("192.0.2.7", ""), contact("192.0.2.8", "")), false, "out", Target{}, "not exactly one"},
		{"two contacts, none of them the phone's", desk, line(contact("192.0.2.1", snomUA), contact("192.0.2.8", snomUA)), false, "out", Target{}, "not exactly one"},
		{"the second line does", desk, append(line(here, there), Endpoint{Name: "6002", Driver: PJSIP, Contacts: []Contact{here}}), false, "", Target{Driver: PJSIP, Endpoint: "6002"}, ""},
		{"a peer of chan_sip", desk, []Endpoint{{Name: "7001", Driver: SIP, Contacts: []Contact{here}}}, false, "", Target{Driver: SIP, Endpoint: "7001"}, ""},
		{"a phone that never fetched", subject{mac: mac}, line(there, here), false, "out", Target{}, "not exactly one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, why := singleOut(tt.phone, tt.lines, func(string) bool { return tt.shared }, tt.outbound)
			if got != tt.want || (why == "") != (tt.why == "") || !strings.Contains(why, tt.why) {
				t.Errorf("got %+v, %q, want %+v, %q", got, why, tt.want, tt.why)
			}
		})
	}
}

func TestTable(t *testing.T) {
	event, within := "check-sync;reboot=true", afterReboot
	none := ""
	table := Table{}.With([]Override{{Vendor: "Yealink", Event: &event}, {Vendor: "Yealink", Model: "T5", Event: &none}, {Vendor: AnyVendor, Within: &within}})
	for _, tt := range []struct {
		table         Table
		vendor, model string
		event         string
		reboots       Reboots
	}{
		{Table{}, "Yealink", "T46S", "check-sync;reboot=false", RebootsMaybe},
		{Table{}, "yealink", "", "check-sync;reboot=false", RebootsMaybe},
		{Table{}, "Snom", "D785", "check-sync;reboot=false", RebootsNo},
		{Table{}, "Cisco", "CP-8841-3PCC", "resync", RebootsMaybe},
		{Table{}, "Cisco", "SPA504G", "resync", RebootsMaybe},
		{Table{}, "", "", "check-sync;reboot=false", RebootsMaybe},
		{Table{}, "Acme", "1", "check-sync;reboot=false", RebootsMaybe},
		{table, "Yealink", "T46S", "check-sync;reboot=true", RebootsMaybe},
		{table, "Yealink", "T58A", "", RebootsMaybe},
		{table, "Poly", "VVX", "check-sync", RebootsMaybe},
	} {
		if m := tt.table.Of(tt.vendor, tt.model); m.Event != tt.event || m.Reboots != tt.reboots {
			t.Errorf("%s %s: got %+v", tt.vendor, tt.model, m)
		}
	}
}

func TestEveryMakeHasARow(t *testing.T) {
	for _, vendor := range device.Vendors() {
		if m := (Table{}).Of(vendor, ""); m.Vendor != vendor {
			t.Errorf("%s: no row", vendor)
		}
	}
	for _, m := range methods() {
		if m.Source == "" || m.Within <= 0 || m.Event != "" && CheckEvent(m.Event) != nil || m.Reboot != "" && CheckEvent(m.Reboot) != nil {
			t.Errorf("%+v", m)
		}
	}
}

func TestParseVendor(t *testing.T) {
	for _, tt := range []struct{ text, vendor, model, err string }{
		{"yealink", "Yealink", "", ""},
		{" Cisco  SPA5 ", "Cisco", "SPA5", ""},
		{"other", "other", "", ""},
		{"Acme", "", "", `"Acme" is no make of phones: want Poly, Yealink,`},
		{"", "", "", `"" is no make`},
	} {
		vendor, model, err := ParseVendor(tt.text)
		if vendor != tt.vendor || model != tt.model || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: got %q %q %v", tt.text, vendor, model, err)
		}
	}
}

func TestCheckEvent(t *testing.T) {
	for text, ok := range map[string]bool{
		"check-sync": true, "check-sync;reboot=false": true, "resync": true,
		"check-sync,Content-type=x/y": false, "a b": false, "a\r\nFrom: x": false, strings.Repeat("x", 65): false, "ä": false, `a\`: false,
	} {
		if err := CheckEvent(text); (err == nil) != ok {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
