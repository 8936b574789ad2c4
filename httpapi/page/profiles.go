package page

import (
	"net/http"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// profile is a profile with its use.
type profile struct {
	Name   string
	PBX    string // its Asterisk, where there are several
	Origin string
	Files  []provision.ProfileFile
	Phones int
	Vendor string // that most of its phones are of; empty: not known
}

func (s *Site) profiles(w http.ResponseWriter, r *http.Request) error {
	var list []profile
	if snapshot := s.api.Store.Load(); snapshot != nil {
		uses := s.api.Ledger.Uses()
		for _, p := range snapshot.Profiles() {
			one := profile{Name: p.Name, Origin: p.Origin(), Files: p.Files()}
			if snapshot.Joined() {
				one.PBX = p.PBX
			}
			one.Phones, one.Vendor = useOf(uses, p.Name, one.PBX)
			list = append(list, one)
		}
	}
	return s.show(w, r, shown{template: "profiles", title: languageOf(r).Text("profiles.title"), live: "sync", data: list})
}

// useOf returns how many phones of an Asterisk use a profile, and the vendor that most of them are of.
func useOf(uses []ledger.Use, profile, pbx string) (phones int, vendor string) {
	most := 0
	for _, u := range uses {
		if u.Profile != profile || u.PBX != pbx {
			continue
		}
		if phones += u.Phones; u.Vendor != "" && u.Phones > most {
			most, vendor = u.Phones, u.Vendor
		}
	}
	return phones, vendor
}
