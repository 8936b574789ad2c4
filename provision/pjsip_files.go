package provision

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// pjsipObjects are the endpoints, auths and transports of pjsip.conf, or of the files that sorcery.conf names, and the
// sections of pjsip_wizard.conf, by name. They replace a running Asterisk if there is no AMI.
type pjsipObjects struct {
	endpoints, auths, transports, wizards map[string]*astconf.Category
	onlyBind, onlyProtocol                string // of the only transport; empty with none or several
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
		for name := range o.transports {
			o.onlyBind, o.onlyProtocol = o.transport(name)
		}
	}
	return o
}

// The values of a transport without a bind address or protocol.
const (
	defaultBind     = "0.0.0.0"
	defaultProtocol = "udp"
)

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
	e.Bind, e.Protocol = o.transport(e.TransportID)
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

// transport returns the bind address and the protocol of a transport. Both are empty if there is no transport of that
// name.
func (o pjsipObjects) transport(id string) (bind, protocol string) {
	if c := o.transports[id]; c != nil {
		return lastNonEmpty(c, "bind", defaultBind), lastNonEmpty(c, "protocol", defaultProtocol)
	}
	return "", ""
}

// readAuth returns the account of an auth. An auth with only a digest has no password to return.
func readAuth(c *astconf.Category, prefix string) (username string, password Secret) {
	username = lastNonEmpty(c, prefix+"username", "")
	if strings.EqualFold(lastNonEmpty(c, prefix+"auth_type", "userpass"), "userpass") {
		password = Secret(lastNonEmpty(c, prefix+"password", ""))
	}
	return username, password
}
