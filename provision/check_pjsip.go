package provision

import (
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// pjsipTypes are the types that sections of pjsip.conf may have.
var pjsipTypes = strings.Fields("phoneprov endpoint auth aor transport contact identify registration acl global system domain_alias " +
	"resource_list outbound-publish inbound-publication asterisk-publication subscription_persistence wizard")

// sectionVariables are the variables that make a phoneprov section of pjsip.conf complete. Their case counts.
var sectionVariables = []string{"MAC", "PROFILE", "endpoint"}

// pjsip checks the types in pjsip.conf, and its phoneprov sections.
func (k *configChecker) pjsip(f *astconf.File) {
	for _, c := range categories(f) {
		typ := objectType(c)
		if typ == "phoneprov" {
			k.phoneprovSection("["+c.Name+"]: ", slices.Collect(c.Vars()))
			continue
		}
		if slices.Contains(pjsipTypes, typ) {
			continue
		}
		pos := c.Pos
		if v, ok := c.Last("type"); ok {
			pos = v.Pos
		}
		switch nearest := Nearest(typ, slices.Values(pjsipTypes)); {
		case nearest == "phoneprov", isPhoneprov(c):
			k.add(Error, pos, "[%s]: type %q: no phone gets it; is \"type = phoneprov\" meant?", c.Name, typ)
		case nearest != "":
			k.add(Warning, pos, "[%s]: there is no type %q; is %q meant?", c.Name, typ, nearest)
		}
	}
}

// isPhoneprov reports whether a section has the variables that only phoneprov sections have.
func isPhoneprov(c *astconf.Category) bool {
	_, mac := c.Last("MAC")
	_, profile := c.Last("PROFILE")
	return mac && profile
}

// wizard checks the phoneprov options of pjsip_wizard.conf.
func (k *configChecker) wizard(f *astconf.File) {
	for _, c := range categories(f) {
		var vars []astconf.Var
		var has astconf.Var
		for v := range c.Vars() {
			switch name, ok := cutPrefixFold(v.Name, "phoneprov/"); {
			case ok:
				v.Name = name
				vars = append(vars, v)
			case strings.EqualFold(v.Name, "has_phoneprov"):
				has = v
			case Nearest(v.Name, slices.Values([]string{"has_phoneprov"})) != "":
				k.add(Warning, v.Pos, "[%s]: there is no option %q; is \"has_phoneprov\" meant?", c.Name, v.Name)
			}
		}
		switch typ := objectType(c); {
		case typ != "wizard" && (len(vars) > 0 || has.Name != ""):
			k.add(Error, c.Pos, "[%s]: type %q: no phone gets it; is \"type = wizard\" meant?", c.Name, typ)
		case has.Value != "" && !isTrue(has.Value) && !isFalse(has.Value):
			k.add(Warning, has.Pos, "[%s]: has_phoneprov %q is neither yes nor no: no phone gets it", c.Name, has.Value)
		case len(vars) > 0 && has.Name == "":
			k.add(Warning, c.Pos, "[%s]: phoneprov/... without has_phoneprov = yes: no phone gets it", c.Name)
		case isTrue(has.Value):
			k.phoneprovSection("["+c.Name+"]: ", vars)
		}
	}
}

// phoneprovSection checks the variables of a phoneprov section: their names, whose case counts, and their numbers.
func (k *configChecker) phoneprovSection(subject string, vars []astconf.Var) {
	set := func(name string) bool {
		return slices.ContainsFunc(vars, func(v astconf.Var) bool { return v.Name == name })
	}
	for _, v := range vars {
		name := v.Name
		if strings.EqualFold(name, "type") || slices.Contains(sectionVariables, name) {
			continue
		}
		nearest := ""
		for _, known := range sectionVariables {
			if nearest == "" && !set(known) && Nearest(name, slices.Values([]string{known})) != "" {
				nearest = known
			}
		}
		if known := lineVariable(name); nearest == "" && known != name && known != "" && !set(known) {
			nearest = known
		}
		if nearest != "" {
			k.add(Warning, v.Pos, "%s%q is a variable of that name, and the case of names counts here; is %q meant?", subject, name, nearest)
		}
		switch name {
		case "LINE", "LINEKEYS":
			k.number(v.Pos, subject, name, v.Value, maxLines)
		case "SERVER_PORT":
			k.number(v.Pos, subject, name, v.Value, maxPort)
		}
	}
}
