package page

import (
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
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
		list = append(list, stranger{one, usersSection(one.MAC, profile), wizardSection(one.MAC, profile)})
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

// usersSection returns the section of users.conf for a new phone. The words in capitals are the admin's to choose.
func usersSection(mac, profile string) string {
	return `[NUMBER]
autoprov = yes
username = NUMBER
fullname = NAME
cid_number = NUMBER
secret = SECRET
macaddress = ` + mac + `
profile = ` + profile + `
label = NUMBER
linenumber = 1
`
}

// wizardSection returns the section of pjsip_wizard.conf, which makes the endpoint too.
func wizardSection(mac, profile string) string {
	return `[NUMBER]
type = wizard
accepts_registrations = yes
accepts_auth = yes
endpoint/callerid = "NAME" <NUMBER>
inbound_auth/username = NUMBER
inbound_auth/password = SECRET
has_phoneprov = yes
phoneprov/MAC = ` + mac + `
phoneprov/PROFILE = ` + profile + `
phoneprov/LABEL = NUMBER
phoneprov/LINE = 1
endpoint/context = default
endpoint/allow = !all,g722,alaw,ulaw
aor/max_contacts = 1
aor/remove_existing = yes
`
}
