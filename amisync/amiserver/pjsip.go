package amiserver

import (
	"cmp"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// pjsip has Asterisk's objects from pjsip.conf and pjsip_wizard.conf, by type and in order.
type pjsip struct {
	endpoints, auths, transports, aors []object
}

type object struct {
	name string
	last func(option string) string
	vars []astconf.Var // the options of an endpoint
}

func find(objects []object, name string) (object, bool) {
	for _, o := range objects {
		if o.name == name {
			return o, true
		}
	}
	return object{}, false
}

func (s *Session) pjsip() pjsip {
	var p pjsip
	if file, err := s.load("pjsip.conf"); err == nil {
		for _, c := range file.Categories {
			o := object{c.Name, func(option string) string { return last(c, option) }, slices.Collect(c.Vars())}
			switch o.last("type") {
			case "endpoint":
				p.endpoints = append(p.endpoints, o)
			case "auth":
				p.auths = append(p.auths, o)
			case "transport":
				p.transports = append(p.transports, o)
			case "aor":
				p.aors = append(p.aors, o)
			}
		}
	}
	if file, err := s.load("pjsip_wizard.conf"); err == nil {
		for _, c := range file.Categories {
			if last(c, "type") == "wizard" {
				p.wizard(c)
			}
		}
	}
	return p
}

// wizard adds the objects of a wizard section.
func (p *pjsip) wizard(c *astconf.Category) {
	made := map[string]string{"aors": c.Name, "transport": last(c, "transport"), "context": last(c, "endpoint/context"),
		"callerid": last(c, "endpoint/callerid")}
	if yes(last(c, "accepts_auth")) {
		made["auth"] = c.Name + "-iauth"
		p.auths = append(p.auths, object{c.Name + "-iauth", func(option string) string { return last(c, "inbound_auth/"+option) }, nil})
	}
	var vars []astconf.Var
	for v := range c.Vars() {
		if name, ok := strings.CutPrefix(v.Name, "endpoint/"); ok {
			vars = append(vars, astconf.Var{Name: name, Value: v.Value})
		}
	}
	p.endpoints = append(p.endpoints, object{c.Name, func(option string) string { return made[option] }, vars})
	p.aors = append(p.aors, object{c.Name, func(option string) string { return last(c, "aor/"+option) }, nil})
}

func last(c *astconf.Category, option string) string {
	v, _ := c.Last(option)
	return v.Value
}

func yes(value string) bool {
	switch strings.ToLower(value) {
	case "yes", "true", "y", "t", "1", "on":
		return true
	}
	return false
}

// callerID returns a callerid as Asterisk prints it.
func callerID(text string) string {
	if text == "" {
		return "<unknown>"
	}
	name, number, ok := strings.Cut(text, "<")
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if !ok || name == "" {
		return text
	}
	return `"` + name + `" <` + number
}

func (s *Session) showEndpoints(action Message) {
	endpoints := s.pjsip().endpoints
	if len(endpoints) == 0 {
		s.fail(action, "No endpoints found")
		return
	}
	s.answer(action, "Success", "EventList", "start", "Message", "A listing of Endpoints follows, presented as EndpointList events")
	for _, e := range endpoints {
		state, contacts := s.deviceState(e)
		s.Send(append(head("Event", "EndpointList", action), "ObjectType", "endpoint", "ObjectName", e.name,
			"Transport", e.last("transport"), "Aor", e.last("aors"), "Auths", e.last("auth"), "OutboundAuths", "",
			"Contacts", contacts, "DeviceState", state, "ActiveChannels", "0")...)
	}
	s.complete(action, "EndpointListComplete", len(endpoints))
}

// detail returns what Asterisk shows of an endpoint. It has two of the many defaults, and values as they are written.
func (e object) detail(state string) []string {
	fields := []string{"ObjectType", "endpoint", "ObjectName", e.name, "Aors", e.last("aors"), "Transport", e.last("transport"),
		"Callerid", callerID(e.last("callerid")), "Auth", e.last("auth"), "Context", cmp.Or(e.last("context"), "default"),
		"DtmfMode", "rfc4733"}
	for _, v := range e.vars {
		switch name := fieldName(v.Name); name {
		case "Type", "Aors", "Transport", "Callerid", "Auth", "Context":
		default:
			fields = append(fields, name, v.Value)
		}
	}
	return append(fields, "DeviceState", state, "ActiveChannels", "0")
}

// fieldName returns the AMI spelling of an option: DtmfMode for dtmf_mode.
func fieldName(option string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(option, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

func (s *Session) showEndpoint(action Message) {
	p := s.pjsip()
	e, ok := find(p.endpoints, action["Endpoint"])
	if !ok { // Asterisk writes this LF too
		s.fail(action, "Unable to retrieve endpoint "+action["Endpoint"]+"\n")
		return
	}
	s.answer(action, "Success", "EventList", "start", "Message", "Following are Events for each object associated with the Endpoint")
	items := 1
	state, _ := s.deviceState(e)
	s.Send(append(head("Event", "EndpointDetail", action), e.detail(state)...)...)
	detail := func(event, kind string, objects []object, names string, options ...string) {
		for name := range strings.SplitSeq(names, ",") {
			o, ok := find(objects, strings.TrimSpace(name))
			if !ok {
				continue
			}
			items++
			fields := append(head("Event", event, action), "ObjectType", kind, "ObjectName", o.name)
			for _, option := range options {
				fields = append(fields, strings.ToUpper(option[:1])+option[1:], o.last(option))
			}
			s.Send(append(fields, "EndpointName", e.name)...)
		}
	}
	detail("AuthDetail", "auth", p.auths, e.last("auth"), "username", "password", "realm")
	detail("TransportDetail", "transport", p.transports, e.last("transport"), "protocol", "bind")
	detail("AorDetail", "aor", p.aors, e.last("aors"), "contacts")
	for _, c := range s.contactsOf(e.name) {
		items++
		s.Send(append(append(head("Event", "ContactStatusDetail", action), c.fields(e)...), "EndpointName", e.name)...)
	}
	s.complete(action, "EndpointDetailComplete", items)
}
