package phoneconf

import (
	"strings"
	"testing"
)

func TestGuess(t *testing.T) {
	for _, row := range []struct{ vendor, model, profiles, want, err string }{
		{"Yealink", "", "snom yealink", "yealink", ""},
		{"Yealink", "T46S", "Yealink", "Yealink", ""},
		{"Yealink", "", "yealink-office", "yealink-office", ""},
		{"Yealink", "", "yealink-a yealink-b", "", "the phone is of Yealink, for which there are several profiles: -profile says which of yealink-a, yealink-b it has"},
		{"Yealink", "", "snom", "", "the phone is of Yealink, for which phoneprov.conf has no profile: `phoneprov profiles add yealink` adds one"},
		{"Grandstream", "GRP2614", "grandstream grandstream-grp", "grandstream-grp", ""},
		{"Grandstream", "GXP2170", "grandstream grandstream-grp", "grandstream", ""},
		{"Grandstream", "", "grandstream grandstream-grp", "", "the phone is of Grandstream, for which there are several profiles: -profile says which of grandstream, grandstream-grp it has"},
		{"Grandstream", "", "grandstream-grp poly", "grandstream-grp", ""},
		{"Grandstream", "GRP2614", "grandstream", "", "the phone is of Grandstream, for which phoneprov.conf has no profile: `phoneprov profiles add grandstream-grp` adds one"},
		{"Cisco", "CP-8841-3PCC", "cisco-spa cisco-mpp", "cisco-mpp", ""},
		{"Cisco", "SPA504G", "cisco-spa cisco-mpp", "cisco-spa", ""},
		{"Gigaset", "N870 IP PRO", "gigaset gigaset-maxwell", "gigaset", ""},
		{"Linphone", "Linphonec", "linphone", "linphone", ""},
		{"", "", "a b", "", "the MAC and what the phone says of itself tell no make: -profile says which of a, b it has"},
		{"Nobody", "", "a", "", "the phone is of Nobody, for which there is no profile: -profile says which of a it has"},
	} {
		got, err := Guess(row.vendor, row.model, strings.Fields(row.profiles))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != row.want || text != row.err {
			t.Errorf("%s %s of %s: got %q, %q, want %q, %q", row.vendor, row.model, row.profiles, got, text, row.want, row.err)
		}
	}
}

// Section returns the text that the page shows: the section that Add writes on a machine without other phones or
// transports.
func TestSection(t *testing.T) {
	want := `[6002]
type = wizard
accepts_registrations = yes
accepts_auth = yes
endpoint/callerid = "Bob" <6002>
inbound_auth/username = 6002
inbound_auth/password = s\;1
has_phoneprov = yes
phoneprov/MAC = 001565000002
phoneprov/PROFILE = yealink
phoneprov/LABEL = 6002
phoneprov/LINE = 1
endpoint/context = default
endpoint/allow = !all,g722,alaw,ulaw
aor/max_contacts = 1
aor/remove_existing = yes
`
	if got := Section("res_pjsip_phoneprov_provider", bob(), "s;1"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Section("sipusers", bob(), "s"); !strings.HasPrefix(got, "[6002]\nautoprov = yes\nusername = 6002\n") {
		t.Errorf("got\n%s", got)
	}
}
