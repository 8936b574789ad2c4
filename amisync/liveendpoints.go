package amisync

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision"
)

// noCallerID is Asterisk's callerid of an endpoint without one.
const noCallerID = "<unknown>"

// readLive reads the endpoints that the phoneprov sections name. An endpoint that Asterisk does not have is left out;
// without PJSIP all are. bare has the endpoints that name an auth which Asterisk does not have.
func readLive(ctx context.Context, c *ami.Conn, names []string) (live *provision.Live, bare map[string]bool, err error) {
	live = &provision.Live{Endpoints: make(map[string]provision.Endpoint, len(names))}
	bare = map[string]bool{}
	var sets provision.OptionSets
	bytes := 0
	for _, name := range names {
		if ami.CheckField("Endpoint", name) != nil {
			continue // no endpoint can have the name
		}
		events, err := c.List(ctx, "PJSIPShowEndpoint", ami.Message{"Endpoint": name})
		var refused *ami.ActionError
		switch {
		case errors.As(err, &refused) && refused.Unknown():
			return live, bare, nil
		case errors.As(err, &refused) && !refused.Denied(): // "Unable to retrieve endpoint 6001"
			continue
		case err != nil:
			return nil, nil, err
		}
		e, whole := parseEndpoint(name, events)
		given := ami.Message(options(events))
		if bytes += given.Size(); bytes > ami.MaxListBytes {
			c.Fail(ami.ErrListTooLong)
			return nil, nil, ami.ErrListTooLong
		}
		e.Options = sets.Add(given)
		live.Endpoints[name] = e
		bare[name] = !whole
	}
	return live, bare, nil
}

// parseEndpoint returns an endpoint from the events about it and its auths, transport and AORs. whole is false if the
// endpoint's first auth is not among them.
func parseEndpoint(name string, events []ami.Message) (e provision.Endpoint, whole bool) {
	e.ID = name
	for _, m := range events {
		if m["Event"] != "EndpointDetail" {
			continue
		}
		if e.CallerID = m["Callerid"]; e.CallerID == noCallerID {
			e.CallerID = ""
		}
		e.TransportID = m["Transport"]
		auth, _, _ := strings.Cut(m["Auth"], ",")
		e.AuthID = strings.TrimSpace(auth)
	}
	whole = e.AuthID == ""
	for _, m := range events {
		switch {
		case m["Event"] == "AuthDetail" && m["ObjectName"] == e.AuthID:
			whole = true
			e.Username, e.Password = m["Username"], provision.Secret(m["Password"])
		case m["Event"] == "TransportDetail" && m["ObjectName"] == e.TransportID:
			e.Bind = m["Bind"]
		}
	}
	return e, whole
}

// options returns what the event about an endpoint says of it, except what changes from moment to moment.
func options(events []ami.Message) map[string]string {
	options := map[string]string{}
	for _, m := range events {
		if m["Event"] != "EndpointDetail" {
			continue
		}
		for name, value := range m {
			switch {
			case slices.Contains(noOptions, name):
			case name == "Callerid" && value == noCallerID:
			default:
				options[name] = value
			}
		}
	}
	return options
}

// noOptions are the fields of EndpointDetail that are not options. amigo adds the last two.
var noOptions = []string{"Event", "ActionID", "ObjectType", "ObjectName", "DeviceState", "ActiveChannels", "TimeReceived", "#"}
