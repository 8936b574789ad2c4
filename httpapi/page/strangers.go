package page

import (
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/phoneconf"
)

// stranger is a stranger with the sections that would make it a phone.
type stranger struct {
	ledger.Stranger
	Users  string // for users.conf
	Wizard string // for pjsip_wizard.conf
}

func (s *Site) strangers(w http.ResponseWriter, r *http.Request) error {
	uses, snapshot := s.api.Ledger.Uses(), s.api.Store.Load()
	var list []stranger
	for _, one := range s.api.Ledger.Strangers() {
		profile := profileFor(snapshot, uses, one.Vendor)
		line := placeholder(one.MAC, profile)
		list = append(list, stranger{one, phoneconf.Section(provision.UsersProvider, line, "SECRET"), phoneconf.Section(provision.PJSIPProvider, line, "SECRET")})
	}
	return s.show(w, r, shown{template: "strangers", title: languageOf(r).Text("strangers.title"), live: "request,sync", data: list})
}

// profileFor returns the profile that seems right for a vendor's phone: the one that most phones of the vendor use, else
// one that has the vendor's name, else a placeholder.
func profileFor(snapshot *provision.Snapshot, uses []ledger.Use, vendor string) string {
	best, most := "", 0
	for _, u := range uses {
		if vendor != "" && u.Vendor == vendor && u.Phones > most {
			best, most = u.Profile, u.Phones
		}
	}
	switch {
	case best != "":
		return best
	case snapshot == nil:
		return "PROFILE"
	}
	for _, p := range snapshot.Profiles() {
		if vendor != "" && strings.HasPrefix(strings.ToLower(p.Name), strings.ToLower(vendor)) {
			return p.Name
		}
	}
	if all := snapshot.Profiles(); len(all) == 1 {
		return all[0].Name
	}
	return "PROFILE"
}

// placeholder is the line that a stranger would be. The words in capitals are the admin's to choose.
func placeholder(mac, profile string) phoneconf.Phone {
	p := phoneconf.Phone{Name: "NAME", Extension: "NUMBER", Profile: profile, Line: 1}
	p.MAC, _ = device.ParseMAC(mac) // a stranger is known by its MAC
	return p
}
