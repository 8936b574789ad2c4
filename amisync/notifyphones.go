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

// Known returns what Asterisk last said of an endpoint, without asking it. The bool is false if the endpoint is
// unknown. Known, Reach, Notify and Outbound make Service a notify.Asterisk.
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

// Reach asks Asterisk for an endpoint. The bool is false if there is no such endpoint. The error is
// notify.ErrUnreachable or notify.ErrDenied.
func (s *Service) Reach(ctx context.Context, endpoint string) (notify.Endpoint, bool, error) {
	c, err := s.notifyConn()
	if err != nil {
		return notify.Endpoint{}, false, err
	}
	if ami.CheckField("Endpoint", endpoint) != nil {
		return notify.Endpoint{}, false, nil // Asterisk cannot have this name
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

// reachOf returns the endpoint that the events describe. A contact that does not answer OPTIONS counts too, because
// Asterisk sends NOTIFY to it.
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

// reachSIP asks Asterisk for a peer of chan_sip. The device state of the peer shows calls if sip.conf has callcounter =
// yes. Asking for it needs write = reporting.
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

// Notify makes Asterisk send a NOTIFY, and returns Asterisk's answer. If the error is one of package notify, Asterisk
// sent nothing. After any other error, it may have sent the NOTIFY.
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

// Outbound returns the name of the endpoint that Asterisk uses to send NOTIFY to a URI; empty: there is none.
func (s *Service) Outbound() string {
	name, _ := s.outbound.Load().(string)
	if p, ok := s.peers.named(name); ok && p.Kind == PJSIP {
		return name
	}
	return ""
}

// defaultOutbound is the value of default_outbound_endpoint if pjsip.conf does not set it (measured on 16 and 22).
const defaultOutbound = "default_outbound_endpoint"

// outboundEndpoint returns the endpoint that pjsip.conf names for requests to a URI. The endpoint may not exist.
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

// inCall reports whether a device state means a call that is up or ringing. Lists write "In use" and "Ring+Inuse".
// Events and functions write "INUSE" and "RINGINUSE".
func inCall(state string) bool {
	switch strings.NewReplacer(" ", "", "_", "", "+", "", ",", "").Replace(strings.ToUpper(state)) {
	case "INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD":
		return true
	}
	return false
}

// uriHost returns host and port of a SIP URI: "192.0.2.7:5060" of "sip:6001@192.0.2.7:5060;transport=udp".
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

// hostAddr returns the address in "192.0.2.7:5060" or "[2001:db8::7]"; zero if the host is a name.
func hostAddr(hostPort string) netip.Addr {
	host := hostPort
	if h, _, err := net.SplitHostPort(hostPort); err == nil {
		host = h
	}
	addr, _ := netip.ParseAddr(strings.Trim(host, "[]"))
	return addr.Unmap()
}
