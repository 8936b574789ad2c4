package amisync

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/provision"
)

// Known is what was heard of an endpoint last. It asks nothing. With Reach, Notify and Outbound it makes Service a notify.Asterisk.
func (s *Service) Known(endpoint string) (notify.Endpoint, bool) {
	p, ok := s.peers.named(endpoint)
	if !ok {
		return notify.Endpoint{}, false
	}
	e := notify.Endpoint{Name: p.Name, Driver: notify.Driver(p.Kind), State: p.Detail, InCall: p.Kind == PJSIP && inCall(p.Detail)}
	if p.Kind == SIP && p.Address != "" {
		e.Contacts = []notify.Contact{{URI: "sip:" + p.Address, Address: hostAddr(p.Address)}}
	}
	for _, c := range p.Contacts {
		e.Contacts = append(e.Contacts, notify.Contact{URI: c.URI, Address: hostAddr(uriHost(c.URI)), UserAgent: c.UserAgent})
	}
	return e, true
}

// Reach asks Asterisk what there is to an endpoint at this moment; false: there is no such endpoint.
func (s *Service) Reach(ctx context.Context, endpoint string) (notify.Endpoint, bool, error) {
	c, err := s.notifyConn()
	if err != nil {
		return notify.Endpoint{}, false, err
	}
	if ami.CheckField("Endpoint", endpoint) != nil {
		return notify.Endpoint{}, false, nil // no name of Asterisk's
	}
	if p, ok := s.peers.named(endpoint); ok && p.Kind == SIP {
		return s.reachSIP(ctx, c, endpoint)
	}
	events, err := c.List(ctx, "PJSIPShowEndpoint", ami.Message{"Endpoint": endpoint})
	var refused *ami.ActionError
	switch {
	case errors.As(err, &refused) && refused.Denied():
		return notify.Endpoint{}, false, fmt.Errorf("%w: %w", notify.ErrDenied, err)
	case errors.As(err, &refused): // "Unable to retrieve endpoint 6001", or no PJSIP
		return notify.Endpoint{}, false, nil
	case err != nil:
		return notify.Endpoint{}, false, fmt.Errorf("%w: %w", notify.ErrUnreachable, err)
	}
	return reachOf(endpoint, events), true, nil
}

// reachOf takes from the events about an endpoint what NOTIFY needs. A contact that does not answer OPTIONS is one still: NOTIFY goes to it too.
func reachOf(endpoint string, events []ami.Message) notify.Endpoint {
	e := notify.Endpoint{Name: endpoint, Driver: notify.PJSIP}
	for _, m := range events {
		switch m["Event"] {
		case "EndpointDetail":
			e.State, e.InCall = m["DeviceState"], inCall(m["DeviceState"])
		case "ContactStatusDetail":
			uri := m["URI"]
			e.Contacts = append(e.Contacts, notify.Contact{URI: uri, Address: hostAddr(uriHost(uri)), UserAgent: m["UserAgent"]})
		}
	}
	return e
}

// reachSIP asks for a peer of chan_sip. Its device state tells of calls where callcounter = yes in sip.conf, which is asked for with the right
// to write reporting.
func (s *Service) reachSIP(ctx context.Context, c *ami.Conn, peer string) (notify.Endpoint, bool, error) {
	answer, err := c.Do(ctx, "SIPshowpeer", ami.Message{"Peer": peer})
	var refused *ami.ActionError
	switch {
	case errors.As(err, &refused) && refused.Denied():
		return notify.Endpoint{}, false, fmt.Errorf("%w: %w", notify.ErrDenied, err)
	case errors.As(err, &refused):
		return notify.Endpoint{}, false, nil
	case err != nil:
		return notify.Endpoint{}, false, fmt.Errorf("%w: %w", notify.ErrUnreachable, err)
	}
	e := notify.Endpoint{Name: peer, Driver: notify.SIP}
	if addr, err := netip.ParseAddr(answer["Address-IP"]); err == nil {
		e.Contacts = []notify.Contact{{URI: "sip:" + net.JoinHostPort(addr.String(), answer["Address-Port"]), Address: addr, UserAgent: answer["SIP-Useragent"]}}
	}
	if state, err := s.Ask(ctx, "DEVICE_STATE(SIP/"+peer+")"); err == nil {
		e.State, e.InCall = state, inCall(state)
	}
	return e, true, nil
}

// Notify has Asterisk send NOTIFY. With an error of package notify nothing was sent; with another one that is not known.
func (s *Service) Notify(ctx context.Context, to notify.Target, event string) (answer string, err error) {
	c, err := s.notifyConn()
	if err != nil {
		return "", err
	}
	action, fields := "PJSIPNotify", ami.Message{"Variable": "Event=" + event}
	switch {
	case to.Driver == notify.SIP:
		action, fields["Channel"] = "SIPnotify", to.Endpoint
	case to.URI != "":
		fields["URI"] = to.URI
	default:
		fields["Endpoint"] = to.Endpoint
	}
	if err := errors.Join(ami.CheckFields(fields), notify.CheckEvent(event)); err != nil {
		return "", fmt.Errorf("%w: %w", notify.ErrRefused, err)
	}
	m, err := c.Do(ctx, action, fields)
	var refused *ami.ActionError
	switch {
	case errors.As(err, &refused) && refused.Denied():
		return "", fmt.Errorf("%w: %w", notify.ErrDenied, err)
	case errors.As(err, &refused):
		return "", fmt.Errorf("%w: %w", notify.ErrRefused, err)
	case err != nil:
		return "", err
	}
	return m["Message"], nil
}

func (s *Service) notifyConn() (*ami.Conn, error) {
	if s.link == nil {
		return nil, fmt.Errorf("%w: ami.address is empty", notify.ErrUnreachable)
	}
	c, err := s.link.conn()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", notify.ErrUnreachable, err)
	}
	return c, nil
}

// Outbound is the endpoint through which Asterisk can send NOTIFY to a URI; empty: there is none.
func (s *Service) Outbound() string {
	name, _ := s.outbound.Load().(string)
	if p, ok := s.peers.named(name); ok && p.Kind == PJSIP {
		return name
	}
	return ""
}

// defaultOutbound is the name that default_outbound_endpoint has where pjsip.conf does not say (measured on 16 and 22).
const defaultOutbound = "default_outbound_endpoint"

// outboundEndpoint is the endpoint that pjsip.conf names for requests to a URI. Whether there is one of that name is not looked at.
func outboundEndpoint(config provision.Config) string {
	name := defaultOutbound
	if file := config["pjsip.conf"]; file != nil {
		for _, c := range file.Categories {
			if kind, _ := c.Last("type"); kind.Value != "global" {
				continue
			}
			if v, ok := c.Last("default_outbound_endpoint"); ok {
				name = v.Value
			}
		}
	}
	return name
}

// inCall reports a device state of an endpoint that has a call up or ringing, as lists write it, "In use", "Ring+Inuse", and as events and
// functions do, "INUSE", "RINGINUSE".
func inCall(state string) bool {
	switch strings.NewReplacer(" ", "", "_", "", "+", "", ",", "").Replace(strings.ToUpper(state)) {
	case "INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD":
		return true
	}
	return false
}

// uriHost is the host of a SIP URI, with its port: sip:6001@192.0.2.7:5060;transport=udp.
func uriHost(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	if end := strings.IndexAny(rest, ";?>"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// hostAddr is the address in "192.0.2.7:5060" or "[2001:db8::7]"; zero: it has a name.
func hostAddr(hostPort string) netip.Addr {
	host := hostPort
	if h, _, err := net.SplitHostPort(hostPort); err == nil {
		host = h
	}
	addr, _ := netip.ParseAddr(strings.Trim(host, "[]"))
	return addr.Unmap()
}
