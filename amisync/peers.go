package amisync

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// Kind is the channel driver a peer belongs to.
type Kind string

// The kinds of peers.
const (
	PJSIP Kind = "pjsip"
	SIP   Kind = "sip" // chan_sip, up to Asterisk 20
	IAX2  Kind = "iax2"
)

// State says whether a peer can be reached. The zero State is not used.
type State string

// The states of peers.
const (
	Online  State = "online"  // registered, or at a fixed address, and not known to be away
	Offline State = "offline" // not registered, or does not answer
	Unknown State = "unknown" // Asterisk does not say
)

// Peer is a device that Asterisk knows.
type Peer struct {
	Kind      Kind
	Name      string
	State     State
	Detail    string // in Asterisk's words: "Not in use", "OK (12 ms)"
	Address   string // of SIP and IAX2 peers, host:port; empty: none
	Transport string // the following are of PJSIP peers; empty: none or not said
	AORs      []string
	Auths     []string
	Contacts  []Contact
}

// Contact is where a PJSIP peer has registered from, or a fixed address of it.
type Contact struct {
	URI       string
	Status    string // in Asterisk's words: "Reachable", "NonQualified"; empty: not said, of fixed addresses before an event
	UserAgent string
}

// readPeers asks for all peers of all drivers that are loaded, in the order of kind and name.
func readPeers(ctx context.Context, c *ami.Conn) ([]Peer, error) {
	var all []Peer
	endpoints, err := askIfLoaded(ctx, c, "PJSIPShowEndpoints")
	if err != nil {
		return nil, err
	}
	contacts, err := askIfLoaded(ctx, c, "PJSIPShowContacts")
	if err != nil {
		return nil, err
	}
	registered := map[[2]string]ami.Message{} // by endpoint and URI
	for _, m := range contacts {
		registered[[2]string{m["Endpoint"], m["Uri"]}] = m
	}
	for _, m := range endpoints {
		p := Peer{
			Kind: PJSIP, Name: m["ObjectName"], State: deviceState(m["DeviceState"]), Detail: m["DeviceState"],
			Transport: m["Transport"], AORs: split(m["Aor"]), Auths: split(m["Auths"]),
		}
		for _, item := range split(m["Contacts"]) { // "aor/uri"; those of an AOR's contact= are here only
			_, uri, _ := strings.Cut(item, "/")
			status := registered[[2]string{p.Name, uri}]
			p.Contacts = append(p.Contacts, Contact{URI: uri, Status: status["Status"], UserAgent: status["UserAgent"]})
		}
		all = append(all, p)
	}
	for _, action := range []string{"SIPpeers", "IAXpeers"} {
		entries, err := askIfLoaded(ctx, c, action)
		if err != nil {
			return nil, err
		}
		for _, m := range entries {
			all = append(all, parsePeer(m))
		}
	}
	slices.SortStableFunc(all, comparePeers)
	return all, nil
}

func comparePeers(a, b Peer) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// askIfLoaded asks for a list that is empty where the module that gives it is not loaded.
func askIfLoaded(ctx context.Context, c *ami.Conn, action string) ([]ami.Message, error) {
	entries, err := c.List(ctx, action, nil)
	var refused *ami.ActionError
	if errors.As(err, &refused) && (refused.Unknown() || refused.Empty()) {
		return nil, nil
	}
	return entries, err
}

func parsePeer(m ami.Message) Peer {
	p := Peer{Kind: SIP, Name: m["ObjectName"], Detail: m["Status"]}
	if strings.EqualFold(m["Channeltype"], "IAX2") {
		p.Kind = IAX2
	}
	switch m["IPaddress"] {
	case "", "(null)", "-none-": // as IAX2 and SIP write it
	default:
		p.Address = m["IPaddress"] + ":" + m["IPport"]
	}
	p.State = peerState(m["Status"], p.Address != "")
	return p
}

// peerState reads the status of SIP and IAX2 peers: "OK (12 ms)", "LAGGED (…)", "UNREACHABLE", "UNKNOWN", "Unmonitored", and
// "Registered" and the like of PeerStatus events.
func peerState(status string, addressed bool) State {
	word, _, _ := strings.Cut(strings.ToUpper(status), " ")
	switch word {
	case "OK", "LAGGED", "REGISTERED", "REACHABLE":
		return Online
	case "UNREACHABLE", "UNREGISTERED", "REJECTED":
		return Offline
	case "UNMONITORED":
		if addressed {
			return Online
		}
		return Offline
	}
	if !addressed {
		return Offline
	}
	return Unknown
}

// deviceState reads a device state as lists write it, "Not in use", and as events do, "NOT_INUSE".
func deviceState(text string) State {
	switch strings.ToUpper(text) {
	case "", "UNKNOWN":
		return Unknown
	case "UNAVAILABLE", "INVALID":
		return Offline
	}
	return Online
}

// split takes a comma-separated list apart; empty items are left out.
func split(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
