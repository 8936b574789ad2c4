package amisync

import (
	"context"
	"errors"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
)

// noCallerID is how Asterisk shows the callerid of an endpoint that has none.
const noCallerID = "<unknown>"

// readLive asks for the endpoints that the configuration's phoneprov sections name. One that Asterisk does not have is
// left out; so are all where Asterisk runs without PJSIP.
func readLive(ctx context.Context, c *conn, names []string) (*provision.Live, error) {
	live := &provision.Live{Endpoints: make(map[string]provision.Endpoint, len(names))}
	for _, name := range names {
		if checkField("Endpoint", name) != nil {
			continue // a name that cannot be one of Asterisk's
		}
		events, err := c.ask(ctx, "PJSIPShowEndpoint", message{"Endpoint": name})
		var refused *ActionError
		switch {
		case errors.As(err, &refused) && refused.unknown():
			return live, nil
		case errors.As(err, &refused) && !refused.denied(): // "Unable to retrieve endpoint 6001"
			continue
		case err != nil:
			return nil, err
		}
		live.Endpoints[name] = parseEndpoint(name, events)
	}
	return live, nil
}

// parseEndpoint takes an endpoint from the events about it and its auths, transport and AORs.
func parseEndpoint(name string, events []message) provision.Endpoint {
	e := provision.Endpoint{ID: name}
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
	for _, m := range events {
		switch {
		case m["Event"] == "AuthDetail" && m["ObjectName"] == e.AuthID:
			e.Username, e.Password = m["Username"], provision.Secret(m["Password"])
		case m["Event"] == "TransportDetail" && m["ObjectName"] == e.TransportID:
			e.Bind = m["Bind"]
		}
	}
	return e
}
