package page

import (
	"net/http"

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

// maxStrangersShown is the number of strangers on the page: the last seen. The API has all.
const maxStrangersShown = 200

func (s *Site) strangers(w http.ResponseWriter, r *http.Request) error {
	uses, snapshot := s.api.Ledger.Uses(), s.api.Store.Load()
	var list []stranger
	all := s.api.Ledger.Strangers()
	for _, one := range all[:min(len(all), maxStrangersShown)] {
		profile := profileFor(snapshot, uses, one)
		line := placeholder(one.MAC, profile)
		list = append(list, stranger{one, phoneconf.Section(provision.UsersProvider, line, "SECRET"), phoneconf.Section(provision.PJSIPProvider, line, "SECRET")})
	}
	return s.show(w, r, shown{template: "strangers", title: languageOf(r).Text("strangers.title"), live: "request,sync", data: list})
}

// profileFor returns the profile that seems right for a stranger: the one that most phones of its vendor use, else the
// one that "phoneprov phone add" would take, else a placeholder.
func profileFor(snapshot *provision.Snapshot, uses []ledger.Use, of ledger.Stranger) string {
	best, most := "", 0
	for _, u := range uses {
		if of.Vendor != "" && u.Vendor == of.Vendor && u.Phones > most {
			best, most = u.Profile, u.Phones
		}
	}
	if best != "" {
		return best
	}
	var names []string
	if snapshot != nil {
		for _, p := range snapshot.Profiles() {
			names = append(names, p.Name)
		}
	}
	if guess, err := phoneconf.Guess(of.Vendor, of.Model, names); err == nil {
		return guess
	}
	return "PROFILE"
}

// placeholder is the line that a stranger would be. The words in capitals are the admin's to choose.
func placeholder(mac, profile string) phoneconf.Phone {
	p := phoneconf.Phone{Name: "NAME", Extension: "NUMBER", Profile: profile, Line: 1}
	p.MAC, _ = device.ParseMAC(mac) // a stranger is known by its MAC
	return p
}
