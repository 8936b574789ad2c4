package provision

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// pjsipObjects are the endpoints, auths and transports of pjsip.conf, or of the files that sorcery.conf names, and the
// sections of pjsip_wizard.conf, by name. They replace the running Asterisk where there is no AMI.
type pjsipObjects struct {
	endpoints, auths, transports, wizards map[string]*astconf.Category
	onlyBind                              string // the bind address, if there is exactly one transport
	options                               *OptionSets
}

func readPJSIPObjects(config Config) pjsipObjects {
	o := pjsipObjects{
		endpoints:  map[string]*astconf.Category{},
		auths:      map[string]*astconf.Category{},
		transports: map[string]*astconf.Category{},
		wizards:    map[string]*astconf.Category{},
		options:    new(OptionSets),
	}
	for i, objects := range [...]map[string]*astconf.Category{o.endpoints, o.auths, o.transports} {
		for _, c := range sections(config, pjsipModule, pjsipTypesRead[i]) {
			objects[c.Name] = c
		}
	}
	for c := range wizards(config) {
		o.wizards[c.Name] = c
	}
	if len(o.transports) == 1 {
		for _, c := range o.transports {
			o.onlyBind = lastNonEmpty(c, "bind", defaultBind)
		}
	}
	return o
}

// defaultBind is the bind address of a transport that does not set one.
const defaultBind = "0.0.0.0"

// endpoint finds an endpoint in pjsip.conf, else in pjsip_wizard.conf.
func (o pjsipObjects) endpoint(id string) (Endpoint, bool) {
	if c := o.endpoints[id]; c != nil {
		return o.fromSection(id, c), true
	}
	if c := o.wizards[id]; c != nil {
		return o.fromWizard(id, c), true
	}
	return Endpoint{}, false
}

func (o pjsipObjects) fromSection(id string, c *astconf.Category) Endpoint {
	e := Endpoint{ID: id, CallerID: lastNonEmpty(c, "callerid", ""), TransportID: lastNonEmpty(c, "transport", "")}
	e.Bind = o.bind(e.TransportID)
	e.Options = o.options.Add(written(c, ""))
	auth, _, _ := strings.Cut(lastNonEmpty(c, "auth", ""), ",")
	if a := o.auths[strings.TrimSpace(auth)]; a != nil {
		e.AuthID = a.Name
		e.Username, e.Password = readAuth(a, "")
	}
	return e
}

// written returns the options of a section that have a prefix. It has no defaults, which only Asterisk knows.
func written(c *astconf.Category, prefix string) map[string]string {
	options := map[string]string{}
	for v := range c.Vars() {
		if name, ok := cutPrefixFold(v.Name, prefix); ok && v.Value != "" {
			options[name] = v.Value
		}
	}
	return options
}

func (o pjsipObjects) bind(transport string) string {
	if c := o.transports[transport]; c != nil {
		return lastNonEmpty(c, "bind", defaultBind)
	}
	return ""
}

// readAuth returns the account of an auth. An auth with only a digest has no password to return.
func readAuth(c *astconf.Category, prefix string) (username string, password Secret) {
	username = lastNonEmpty(c, prefix+"username", "")
	if strings.EqualFold(lastNonEmpty(c, prefix+"auth_type", "userpass"), "userpass") {
		password = Secret(lastNonEmpty(c, prefix+"password", ""))
	}
	return username, password
}
