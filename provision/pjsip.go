package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// pjsipSection is a phoneprov section of pjsip.conf, or of the file that sorcery.conf names, or one that the wizard
// makes.
type pjsipSection struct {
	name string
	pos  astconf.Pos
	vars []astconf.Var     // NAME=value as written
	from *astconf.Category // the section in its file
}

// pjsipSections returns them in order. Those of pjsip_wizard.conf come last.
func pjsipSections(config Config) []pjsipSection {
	var all []pjsipSection
	for _, c := range sections(config, phoneprovModule, "phoneprov") {
		s := pjsipSection{name: c.Name, pos: c.Pos, from: c}
		for v := range c.Vars() {
			if !strings.EqualFold(v.Name, "type") {
				s.vars = append(s.vars, v)
			}
		}
		all = append(all, s)
	}
	for c := range wizards(config) {
		if isTrue(lastNonEmpty(c, "has_phoneprov", "")) {
			all = append(all, wizardSection(c))
		}
	}
	return all
}

// get returns the section's last variable of that name that is not empty, so that its own wins over an inherited one.
// Case counts here.
func (s pjsipSection) get(name string) astconf.Var {
	if i := s.find(name); i >= 0 {
		return s.vars[i]
	}
	return astconf.Var{}
}

// find returns the index of that variable, or -1.
func (s pjsipSection) find(name string) int {
	for i, v := range slices.Backward(s.vars) {
		if v.Name == name && v.Value != "" {
			return i
		}
	}
	return -1
}

// Endpoints returns the PJSIP endpoints that the phoneprov sections of a configuration name, each once, in order. Build
// needs their state in Live.
func Endpoints(config Config) []string {
	var ids []string
	seen := map[string]bool{}
	for _, s := range pjsipSections(config) {
		if id := s.get("endpoint").Value; id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// readPJSIP reads the phones of the phoneprov sections.
func (b *builder) readPJSIP() {
	lookup := b.endpointLookup()
	for i, s := range pjsipSections(b.in.Config) {
		giveWay(i)
		mac, profile := s.get("MAC"), s.get("PROFILE")
		missing := func(what string) {
			b.diags.add(Error, s.pos, "[%s]: phoneprov section without %s: no phone gets it", s.name, what)
		}
		if mac.Value == "" {
			missing("MAC")
			continue
		}
		if profile.Value == "" {
			missing("PROFILE")
			continue
		}
		d := b.lineVars[:0]
		var options *Options
		for _, v := range s.vars {
			if name := variableName(v.Name); name != "" && v.Value != "" {
				d.bindOption(name, s.vars, s.find(v.Name))
			}
		}
		if id := s.get("endpoint"); id.Value != "" {
			e, err := lookup(id.Value)
			if err != nil {
				b.diags.add(Error, id.Pos, "[%s]: endpoint %q: %v: its phone is not served", s.name, id.Value, err)
				continue
			}
			d.bindEndpoint(e)
			options = e.Options
		}
		d.bind("USERNAME", s.name, fromSection)
		d.bind("LABEL", s.name, fromSection)
		d.bindDefaults()
		b.lineVars = d
		l := b.pack.line(s.name, s.pos, s.vars, d, nil)
		l.endpoint = options
		b.addLine(PJSIPProvider, l, mac, profile)
	}
}

// bindEndpoint adds the variables of a line's endpoint that the section does not set.
func (d *lineVars) bindEndpoint(e Endpoint) {
	bind := func(name, value string) {
		if value != "" {
			d.bind(name, value, fromEndpoint)
		}
	}
	display, number := splitCallerID(e.CallerID)
	bind("ENDPOINT_ID", e.ID)
	bind("TRANSPORT_ID", e.TransportID)
	bind("PP_TRANSPORT", strings.ToLower(e.Protocol))
	bind("SERVER_PORT", bindPort(e.Bind))
	bind("CALLERID", number)
	bind("DISPLAY_NAME", display)
	bind("AUTH_ID", e.AuthID)
	bind("USERNAME", e.Username)
	bind("SECRET", e.Password.Reveal())
}

// endpointLookup returns a function that finds endpoints in the running Asterisk, or in the files without AMI.
func (b *builder) endpointLookup() func(id string) (Endpoint, error) {
	objects := readPJSIPObjects(b.in.Config)
	return func(id string) (Endpoint, error) {
		var e Endpoint
		var ok bool
		if b.in.Live != nil {
			if e, ok = b.in.Live.Endpoints[id]; !ok {
				return e, fmt.Errorf("asterisk knows none of that name")
			}
		} else if e, ok = objects.endpoint(id); !ok {
			return e, fmt.Errorf("there is none of that name in pjsip.conf and pjsip_wizard.conf")
		}
		if e.Bind == "" && e.TransportID == "" {
			e.Bind, e.Protocol = objects.onlyBind, objects.onlyProtocol
		}
		return e, nil
	}
}

// bindPort returns the port of a transport's bind address. It is SIP's default port if the address has none.
func bindPort(bind string) string {
	if bind == "" {
		return ""
	}
	host, port := bind, ""
	switch i := strings.LastIndexByte(bind, ':'); {
	case strings.HasSuffix(bind, "]"), i < 0: // [::] or 0.0.0.0
	case strings.Count(bind, ":") > 1 && !strings.Contains(bind, "]:"): // :: without a port
	default:
		host, port = bind[:i], bind[i+1:]
	}
	if port == "" || port == "0" || host == bind && port != "" {
		return defaultPort
	}
	return port
}

// splitCallerID splits `"Name" <number>` as Asterisk does. A number alone has no name.
func splitCallerID(s string) (name, number string) {
	s = strings.TrimSpace(s)
	open := strings.LastIndexByte(s, '<')
	if end := strings.LastIndexByte(s, '>'); open >= 0 && end > open {
		return unquote(strings.TrimSpace(s[:open])), strings.TrimSpace(s[open+1 : end])
	}
	if s != "" && strings.Trim(s, "0123456789*#+-.() ") == "" {
		return "", s
	}
	return unquote(s), ""
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[1 : len(s)-1])
}
