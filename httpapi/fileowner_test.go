package httpapi

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Whose file it is decides who else may have it: of a phone without a MAC nobody, of a static file with a MAC its phone.
func TestWhoseFile(t *testing.T) {
	b := guard(t)
	withLogin(t, b)
	b.Store.Swap(buildConfig(t, map[string]string{
		"phoneprov.conf": "[p]\nstaticdir = static/\nstatic_file => fw.bin\nstatic_file => 0011223344bb-fw.bin\n${MAC}.cfg => t.cfg\n",
		"users.conf": `[6001]
autoprov=yes
profile=p
macaddress=0011223344aa
[6002]
autoprov=yes
profile=p
macaddress=0011223344bb
` +
			"[6003]\nautoprov=yes\nprofile=p\nmacaddress=softphone-3\n",
	}))
	yealink := agent("Yealink SIP-T46G 28.72.0.1 00:11:22:33:44:aa")
	denied := bench{Options: b.Options}
	denied.Access.Rules.Deny = []device.MAC{{0x00, 0x11, 0x22, 0x33, 0x44, 0xaa}}
	for name, tt := range map[string]struct {
		b            *bench
		remote, file string
		edit         func(*http.Request)
		status       int
	}{
		"own":                               {b, internet, "0011223344aa.cfg", basic("phone", "right-phone"), 200},
		"nobody's":                          {b, internet, "fw.bin", basic("phone", "right-phone"), 200},
		"without a MAC":                     {b, internet, "softphone-3.cfg", basic("phone", "right-phone"), 404},
		"without a MAC, shared":             {b, internet, "softphone-3.cfg", basic("all", "right-all"), 200},
		"without a MAC, LAN":                {b, lan, "softphone-3.cfg", nil, 200},
		"static of another":                 {b, internet, "0011223344bb-fw.bin", basic("phone", "right-phone"), 401},
		"static of another, shared":         {b, internet, "0011223344bb-fw.bin", basic("all", "right-all"), 404}, // there is no such file
		"static of another, its User-Agent": {b, lan, "0011223344bb-fw.bin", yealink, 404},
		"denied":                            {&denied, lan, "0011223344aa.cfg", nil, 404},
		"denied, nobody's":                  {&denied, lan, "fw.bin", yealink, 404},
		"denied, its password":              {&denied, internet, "fw.bin", basic("phone", "right-phone"), 404},
	} {
		if w := from(Phones(tt.b.Options), tt.remote, tt.file, tt.edit); w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", name, w.Code, tt.status)
		}
	}
}

// Where the address is enough credentials cannot be wrong.
func TestNeedlessCredentials(t *testing.T) {
	b := guard(t)
	withLogin(t, b)
	h := Phones(b.Options)
	for i := range 10 {
		if w := from(h, lan, "0011223344aa.cfg", basic("all", fmt.Sprint("wrong", i))); w.Code != 200 {
			t.Errorf("%d: got %d", i, w.Code)
		}
	}
}

// The phones of a profile that is open to more addresses are no scanners there.
func TestPhonesOfAWiderProfile(t *testing.T) {
	b := guard(t)
	users := ""
	for i := range 30 {
		users += fmt.Sprintf("[%d]\nautoprov=yes\nprofile=p\nmacaddress=0004f20000%02x\n", 6000+i, i)
	}
	b.Store.Swap(buildConfig(t, map[string]string{"phoneprov.conf": "[p]\n${MAC}.cfg => t.cfg\n", "users.conf": users}))
	b.Access.Rules.Profiles = map[string]access.ProfileRules{"p": {Allow: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}}
	h := Phones(b.Options)
	for i := range 30 {
		for suffix, want := range map[string]int{".cfg": 200, "-web.cfg": 404, "-phone.cfg": 404} {
			name := fmt.Sprintf("0004f20000%02x%s", i, suffix)
			if w := from(h, internet, name, nil); w.Code != want {
				t.Errorf("%s: got %d, want %d", name, w.Code, want)
			}
		}
	}
	if strings.Contains(b.log.String(), `"message":"refused"`) {
		t.Errorf("refused:\n%s", &b.log)
	}
}
