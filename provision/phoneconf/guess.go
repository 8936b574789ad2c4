package phoneconf

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// vendorProfiles has the ready-made profiles of each vendor. Package device has the vendors' names. models are patterns
// of path.Match for a profile's models; if empty, the profile is for all models of the vendor.
var vendorProfiles = [...]struct {
	vendor, profile string
	models          []string
}{
	{"Yealink", "yealink", nil},
	{"Grandstream", "grandstream-grp", []string{"GRP*"}},
	{"Grandstream", "grandstream", []string{"GXP*", "HT*", "GXW*", "GXV*", "DP*"}},
	{"Poly", "poly", nil},
	{"Snom", "snom", nil},
	{"Cisco", "cisco-mpp", []string{"CP-*3PCC*"}},
	{"Cisco", "cisco-spa", []string{"SPA*", "PAP*"}},
	{"Fanvil", "fanvil", nil},
	{"Gigaset", "gigaset-maxwell", []string{"Maxwell*"}},
	{"Gigaset", "gigaset", []string{"N*"}},
	{"Htek", "htek", nil},
	{"Mitel", "mitel", nil},
	{"Panasonic", "panasonic", nil},
	{"Sangoma", "sangoma", nil},
	{"Linphone", "linphone", nil},
}

// ReadyMade returns the names of the ready-made profiles for a vendor's model. If the model is empty, or no pattern
// matches it, ReadyMade returns all profiles of the vendor.
func ReadyMade(vendor, model string) (names []string) {
	var all []string
	for _, row := range vendorProfiles {
		if !strings.EqualFold(row.vendor, vendor) {
			continue
		}
		all = append(all, row.profile)
		if model != "" && slices.ContainsFunc(row.models, func(pattern string) bool { ok, _ := path.Match(pattern, model); return ok }) {
			names = append(names, row.profile)
		}
	}
	if len(names) == 0 {
		return all
	}
	return names
}

// Guess returns the profile for a phone, by its vendor and its model. Both may be empty. It chooses from profiles, the
// profiles of phoneprov.conf: a ready-made one, else one whose name begins with the vendor's. The error says why Guess
// cannot choose one profile.
func Guess(vendor, model string, profiles []string) (string, error) {
	if vendor == "" {
		return "", fmt.Errorf("the MAC and what the phone says of itself tell no make: -profile says which of %s it has", oneOf(profiles))
	}
	ready := ReadyMade(vendor, model)
	var found []string
	for _, p := range profiles {
		if slices.ContainsFunc(ready, func(name string) bool { return strings.EqualFold(name, p) }) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		for _, p := range profiles {
			if strings.HasPrefix(strings.ToLower(p), strings.ToLower(vendor)) && !slices.Contains(ReadyMade(vendor, ""), p) {
				found = append(found, p)
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("the phone is of %s, for which there are several profiles: -profile says which of %s it has", vendor, oneOf(found))
	case len(ready) > 0:
		return "", fmt.Errorf("the phone is of %s, for which phoneprov.conf has no profile: `phoneprov profiles add %s` adds one", vendor, strings.Join(ready, "` or `phoneprov profiles add "))
	}
	return "", fmt.Errorf("the phone is of %s, for which there is no profile: -profile says which of %s it has", vendor, oneOf(profiles))
}

func oneOf(profiles []string) string {
	if len(profiles) == 0 {
		return "the profiles of phoneprov.conf, which has none,"
	}
	return strings.Join(profiles, ", ")
}
