package main

import (
	"fmt"
	"net/netip"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// profileSettings are the settings of a section [profile NAME]. A zero field is not set.
type profileSettings struct {
	escape provision.Escape
	allow  []netip.Prefix // nil: as for all phones
	deny   []device.MAC
	// Credentials or certificates do not count.
	noCredentials, noCertificates bool
}

// profileSetting is a key of [profile NAME].
type profileSetting struct {
	key     string
	value   string // the default, as it would be written; empty: none
	meaning string // for deploy/doc/SETTINGS.md
	set     func(p *profileSettings, value string) error
}

// profileTable is the only list of the keys of [profile NAME]. They have no environment variables.
func profileTable() []profileSetting {
	return []profileSetting{
		{key: "escape", value: "auto", set: setEscape,
			meaning: "`auto`: in an XML file what comes from the configuration is escaped. `none`: it is not, as in Asterisk"},
		{key: "allow", set: setProfileAllow,
			meaning: "in place of `[access] allow`; empty: no address is enough for this profile's phones"},
		{key: "deny", set: setProfileDeny,
			meaning: "besides `[access] deny`"},
		{key: "passwords", value: "yes", set: counts(func(p *profileSettings) *bool { return &p.noCredentials }),
			meaning: "`no`: passwords do not count for this profile's phones"},
		{key: "certificates", value: "yes", set: counts(func(p *profileSettings) *bool { return &p.noCertificates }),
			meaning: "`no`: nor do client certificates"},
	}
}

func setEscape(p *profileSettings, v string) error {
	switch v {
	case "auto":
		p.escape = provision.EscapeAuto
	case "none":
		p.escape = provision.EscapeNone
	default:
		return fmt.Errorf("%q is not one of: auto, none", v)
	}
	return nil
}

func setProfileAllow(p *profileSettings, v string) (err error) {
	p.allow, err = parseNetworks(v)
	return err
}

func setProfileDeny(p *profileSettings, v string) (err error) {
	p.deny, err = parseMACs(v)
	return err
}

// counts parses yes or no for a field that has the opposite.
func counts(not func(*profileSettings) *bool) func(*profileSettings, string) error {
	return func(p *profileSettings, v string) error {
		if v != "yes" && v != "no" {
			return fmt.Errorf("%q is not one of: yes, no", v)
		}
		*not(p) = v == "no"
		return nil
	}
}

// profileName returns the NAME of a section [profile NAME].
func profileName(section string) (name string, ok bool) {
	name, ok = strings.CutPrefix(section, "profile ")
	name = strings.TrimSpace(name)
	return name, ok && name != ""
}

// loadProfile loads a section [profile NAME].
func (l *loader) loadProfile(name string, section *ini.Section) {
	p := l.settings.profiles[name]
	if p == nil {
		p = new(profileSettings)
		if l.settings.profiles == nil {
			l.settings.profiles = map[string]*profileSettings{}
		}
		l.settings.profiles[name] = p
	}
	for _, d := range profileTable() {
		if !section.HasKey(d.key) {
			continue
		}
		l.inForceOf(section.Name(), d, value(section.Key(d.key)))
		if err := d.set(p, value(section.Key(d.key))); err != nil {
			l.fail(section.Name(), d.key, fmt.Sprintf("%s: %v", d.key, err))
		}
	}
}
