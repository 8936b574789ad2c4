package provision

import (
	"iter"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// This file has the rules of Asterisk's PJSIP wizard: which objects it makes of a section of pjsip_wizard.conf, and
// what it calls them. See https://docs.asterisk.org, "PJSIP Configuration Wizard".

// Asterisk's wizard appends these to the name of its section for the phoneprov section and the auth that it makes. The
// endpoint has the name itself.
const (
	wizardSuffix     = "-phoneprov"
	wizardAuthSuffix = "-iauth"
)

// wizards returns the sections of pjsip_wizard.conf that the wizard makes objects of.
func wizards(config Config) iter.Seq[*astconf.Category] {
	return func(yield func(*astconf.Category) bool) {
		for _, c := range categories(config[WizardFile]) {
			if objectType(c) == "wizard" && !yield(c) {
				return
			}
		}
	}
}

// wizardAuth returns the name of the auth that the wizard makes of a section. Not ok: it makes none.
func wizardAuth(c *astconf.Category) (name string, ok bool) {
	return c.Name + wizardAuthSuffix, isTrue(lastNonEmpty(c, "accepts_auth", ""))
}

// wizardSection returns the phoneprov section that the wizard makes of a section.
func wizardSection(c *astconf.Category) pjsipSection {
	s := pjsipSection{name: c.Name + wizardSuffix, pos: c.Pos, from: c}
	for v := range c.Vars() {
		if name, ok := cutPrefixFold(v.Name, "phoneprov/"); ok {
			v.Name = name
			s.vars = append(s.vars, v)
		}
	}
	if s.get("endpoint").Value == "" {
		s.vars = append(s.vars, astconf.Var{Name: "endpoint", Value: c.Name, Pos: c.Pos})
	}
	return s
}

// objectType returns the type of a section in lower case.
func objectType(c *astconf.Category) string {
	return strings.ToLower(lastNonEmpty(c, "type", ""))
}

func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// fromWizard returns the endpoint that the wizard makes of a section.
func (o pjsipObjects) fromWizard(id string, c *astconf.Category) Endpoint {
	e := Endpoint{ID: id, CallerID: lastNonEmpty(c, "endpoint/callerid", "")}
	e.TransportID = lastNonEmpty(c, "transport", lastNonEmpty(c, "endpoint/transport", ""))
	e.Bind, e.Protocol = o.transport(e.TransportID)
	e.Options = o.options.Add(written(c, "endpoint/"))
	if auth, ok := wizardAuth(c); ok {
		e.AuthID = auth
		e.Username, e.Password = readAuth(c, "inbound_auth/")
	}
	return e
}
