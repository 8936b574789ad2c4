package provision

import (
	"cmp"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// PhoneSection is a section of the configuration that makes a line of a phone. Whoever changes the configuration uses
// it. Build also refuses sections, for example those whose profile is unknown; PhoneSections has them.
type PhoneSection struct {
	Provider string
	File     string // the file that Asterisk reads, such as users.conf; Section.Pos may be in an included one
	Section  *astconf.Category
	Wizard   bool // Section is one of the PJSIP wizard, which makes the endpoint too
	MAC      string
	Profile  string // empty: the default profile
	User     string
	Name     string // the display name
	Endpoint string // its name, of PJSIPProvider
	Line     int
}

// PhoneSections returns the sections that make lines: those of the users file, then those of PJSIP, each in order.
// users is the name of the users file.
func PhoneSections(config Config, users string) []PhoneSection {
	var all []PhoneSection
	for _, c := range categories(config[users]) {
		if mac, _ := c.Last("macaddress"); c.Name != "general" && mac.Value != "" && isTrue(lastNonEmpty(c, "autoprov", "")) {
			all = append(all, PhoneSection{
				Provider: UsersProvider, File: users, Section: c, MAC: mac.Value, Profile: lastNonEmpty(c, "profile", ""),
				User: lastNonEmpty(c, "username", c.Name), Name: lastNonEmpty(c, "fullname", ""),
				Line: leadingInt(lastNonEmpty(c, "linenumber", "1")),
			})
		}
	}
	objects := readPJSIPObjects(config)
	phoneprov := PhoneprovFile(config)
	for _, s := range pjsipSections(config) {
		p := PhoneSection{
			Provider: PJSIPProvider, File: phoneprov, Section: s.from, Wizard: objects.wizards[s.from.Name] == s.from,
			MAC: s.get("MAC").Value, Profile: s.get("PROFILE").Value, User: s.get("USERNAME").Value, Endpoint: s.get("endpoint").Value,
			Name: s.get("DISPLAY_NAME").Value, Line: leadingInt(cmp.Or(s.get("LINE").Value, "1")),
		}
		if p.Wizard {
			p.File = WizardFile
		}
		if e, ok := objects.endpoint(p.Endpoint); ok {
			display, _ := splitCallerID(e.CallerID)
			p.User, p.Name = cmp.Or(p.User, e.Username), cmp.Or(p.Name, display)
		}
		if p.User == "" {
			p.User = s.name
		}
		if p.MAC != "" {
			all = append(all, p)
		}
	}
	return all
}

// PJSIPSection is a section that makes an endpoint, an auth or a transport.
type PJSIPSection struct {
	File    string // the file that Asterisk reads; Section.Pos may be in an included one
	Section *astconf.Category
	Wizard  bool // Section is one of the PJSIP wizard: its options of the endpoint begin with "endpoint/"
}

// PJSIPSections returns the sections of the objects of a type, "endpoint", "auth" or "transport": those where
// sorcery.conf says that they are, then those of the PJSIP wizard.
func PJSIPSections(config Config, object string) []PJSIPSection {
	var all []PJSIPSection
	file := mappingOf(config, pjsipModule, object).source.file
	for _, c := range sections(config, pjsipModule, object) {
		all = append(all, PJSIPSection{File: file, Section: c})
	}
	for c := range wizards(config) {
		if _, auth := wizardAuth(c); object == "endpoint" || object == "auth" && auth {
			all = append(all, PJSIPSection{File: WizardFile, Section: c, Wizard: true})
		}
	}
	return all
}

// PasswordOf returns the user name and the password of the first auth of an endpoint in the files; both are empty if
// the files have no such endpoint.
func PasswordOf(config Config, endpoint string) (user string, password Secret) {
	e, _ := readPJSIPObjects(config).endpoint(endpoint)
	return e.Username, e.Password
}

// ProfileNames returns the profiles of phoneprov.conf in order.
func ProfileNames(config Config) []string {
	var names []string
	for _, c := range categories(config["phoneprov.conf"]) {
		if c.Name != "general" && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// InDatabase returns the line of extconfig.conf because of which Asterisk reads a file from a database.
func InDatabase(config Config, name string) (at astconf.Pos, ok bool) {
	for v := range config[ExtConfigFile].Category("settings").Vars() {
		if strings.EqualFold(v.Name, name) && inDatabase(v.Value) {
			return v.Pos, true
		}
	}
	return at, false
}

// PhoneprovFile returns the file that has the phoneprov sections, as sorcery.conf says; "" if no file has them.
func PhoneprovFile(config Config) string {
	return mappingOf(config, phoneprovModule, "phoneprov").source.file
}
