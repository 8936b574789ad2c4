package amisync

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// Kind is the channel driver of a peer.
type Kind string

// The kinds of peers.
const (
	PJSIP Kind = "pjsip"
	SIP   Kind = "sip" // chan_sip, up to Asterisk 20
	IAX2  Kind = "iax2"
)

// State says whether a peer can be reached. There is no zero State.
type State string

// The states of peers.
const (
	Online  State = "online"  // registered or at a fixed address, and not known to be away
	Offline State = "offline" // not registered, or not answering
	Unknown State = "unknown" // Asterisk does not say
)

// Peer is a device that Asterisk knows.
type Peer struct {
	Kind      Kind
	Name      string
	State     State
	Detail    string // in Asterisk's words: "Not in use", "OK (12 ms)"
	Address   string // host:port of SIP and IAX2 peers; empty: none
	Transport string // this and the following are for PJSIP peers; empty: none, or unknown
	AORs      []string
	Auths     []string
	Contacts  []Contact

	// For SIP peers; see the fields of Contact.
	Since        time.Time
	RegisteredAt time.Time
	RoundTrip    time.Duration
}

// Contact is an address that a PJSIP peer registered, or a fixed address of the peer.
type Contact struct {
	URI       string
	Status    string // in Asterisk's words: "Reachable", "NonQualified"; empty: unknown, or a fixed address before its first event
	UserAgent string

	Expires      time.Time     // end of the registration; zero: a fixed address, or unknown
	Since        time.Time     // start of the unbroken registration; zero: before the first reading
	RegisteredAt time.Time     // earliest time of the last registration; zero: before the first reading
	RoundTrip    time.Duration // of the last OPTIONS; negative: not measured
}

// Registered reports whether a contact of the peer is registered and answers. The state of the peer counts only for a
// contact without a status: a ContactStatus event may come before the DeviceStateChange (measured on 16).
func (p Peer) Registered(c Contact) bool {
	if c.Status == "" {
		return p.State != Offline
	}
	return !strings.EqualFold(c.Status, "Unreachable")
}

// readPeers reads the peers of all drivers that are loaded, ordered by kind and name.
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
		for _, item := range split(m["Contacts"]) { // "aor/uri"; contacts from an AOR's contact= are only here
			_, uri, _ := strings.Cut(item, "/")
			status := registered[[2]string{p.Name, uri}]
			p.Contacts = append(p.Contacts, contactOf(uri, status))
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

// askIfLoaded reads a list. The list is empty if the module that has it is not loaded.
func askIfLoaded(ctx context.Context, c *ami.Conn, action string) ([]ami.Message, error) {
	entries, err := c.List(ctx, action, nil)
	var refused *ami.ActionError
	if errors.As(err, &refused) && (refused.Unknown() || refused.Empty()) {
		return nil, nil
	}
	return entries, err
}

// contactOf returns a contact from an item of PJSIPShowContacts, or from the URI that the list of endpoints has.
func contactOf(uri string, m ami.Message) Contact {
	c := Contact{URI: uri, Status: m["Status"], UserAgent: m["UserAgent"], RoundTrip: roundTrip(m["RoundtripUsec"])}
	if seconds, err := strconv.ParseInt(m["ExpirationTime"], 10, 64); err == nil && seconds > 0 {
		c.Expires = time.Unix(seconds, 0)
	}
	return c
}

// roundTrip parses microseconds. Asterisk says zero if it has not measured; the result is then negative.
func roundTrip(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return -1
	}
	return time.Duration(n) * time.Microsecond
}

func parsePeer(m ami.Message) Peer {
	p := Peer{Kind: SIP, Name: m["ObjectName"], Detail: m["Status"], RoundTrip: roundTripOf(m["Status"])}
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

// roundTripOf returns the round trip in the status of a SIP or IAX2 peer, such as "OK (12 ms)"; -1 if there is none.
func roundTripOf(status string) time.Duration {
	_, text, _ := strings.Cut(status, "(")
	text, _, ok := strings.Cut(text, " ms)")
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return -1
	}
	return time.Duration(n) * time.Millisecond
}

// peerState parses the status of SIP and IAX2 peers: "OK (12 ms)", "LAGGED (…)", "UNREACHABLE", "UNKNOWN",
// "Unmonitored", and those of PeerStatus events, such as "Registered".
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

// deviceState parses a device state as lists ("Not in use") or events ("NOT_INUSE") write it.
func deviceState(text string) State {
	switch strings.ToUpper(text) {
	case "", "UNKNOWN":
		return Unknown
	case "UNAVAILABLE", "INVALID":
		return Offline
	}
	return Online
}

// split splits a comma-separated list, without its empty items.
func split(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
