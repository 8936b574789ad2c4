package amiserver

import (
	"fmt"
	"strings"
	"time"
)

// Contact is where an endpoint of PJSIP has registered from.
type Contact struct {
	URI       string // "sip:6001@192.0.2.7:5060"
	UserAgent string
	Expires   time.Time // when the registration ends
}

// contactsOf returns the contacts of an endpoint.
func (s *Session) contactsOf(endpoint string) []Contact {
	if s.server.o.Contacts == nil {
		return nil
	}
	return s.server.o.Contacts(endpoint)
}

// deviceState returns the state of an endpoint, and its contacts as the list of endpoints has them.
func (s *Session) deviceState(e object) (state, contacts string) {
	var list []string
	for _, c := range s.contactsOf(e.name) {
		list = append(list, e.last("aors")+"/"+c.URI)
	}
	if len(list) == 0 {
		return "Unavailable", ""
	}
	return "Not in use", strings.Join(list, ",")
}

// roundTripUsec is the round trip of OPTIONS that all contacts have, in microseconds.
const roundTripUsec = "3217"

// fields returns what Asterisk shows of a contact.
func (c Contact) fields(e object) []string {
	return []string{"ObjectType", "contact", "ObjectName", e.last("aors") + "/" + c.URI, "Uri", c.URI, "URI", c.URI,
		"ExpirationTime", fmt.Sprint(c.Expires.Unix()), "UserAgent", c.UserAgent, "Status", "Reachable", "RoundtripUsec", roundTripUsec}
}

// showContacts lists the contacts of all endpoints.
func (s *Session) showContacts(action Message) {
	items := 0
	for _, e := range s.pjsip().endpoints {
		for _, c := range s.contactsOf(e.name) {
			if items++; items == 1 {
				s.answer(action, "Success", "EventList", "start", "Message", "A listing of Contacts follows, presented as ContactList events")
			}
			s.Send(append(append(head("Event", "ContactList", action), c.fields(e)...), "Endpoint", e.name)...)
		}
	}
	if items == 0 {
		s.fail(action, "No Contacts found")
		return
	}
	s.complete(action, "ContactListComplete", items)
}

// notify sends NOTIFY to the contacts of an endpoint.
func (s *Session) notify(action Message) {
	if s.server.o.Notified == nil {
		s.unknown(action)
		return
	}
	e, ok := find(s.pjsip().endpoints, action["Endpoint"])
	if !ok {
		s.fail(action, "Unable to retrieve endpoint "+action["Endpoint"])
		return
	}
	s.server.o.Notified(e.name)
	s.answer(action, "Success", "Message", "NOTIFY sent")
}
