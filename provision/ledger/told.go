package ledger

import (
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Answer is a request to the phones' listeners with its answer. httpapi passes it to Served.
type Answer struct {
	At     time.Time // when the request came
	Took   time.Duration
	Method string
	File   string // as requested, decoded, without the prefix
	Status int
	Bytes  int64

	Addr    netip.Addr        // the phone's; zero: not known
	TLS     string            // version, "1.3"; empty: no TLS, or a proxy's
	Over    string            // the protocol, where it is not HTTP: "tftp"
	Asked   provision.Request // the values of the request that the Renderer uses
	MAC     device.MAC        // from the name, or of the phone; zero: none
	Route   *provision.Route  // the route of the file; nil: none, or not looked up
	Reason  string            // why it was served or refused
	Refused bool              // refused for its address, its credentials, ...
	Err     string            // what went wrong; empty: nothing
	ETag    string            // of the document, as in the header; empty: no document
	Basis   provision.Basis
	Whole   bool // the phone read the whole answer, or has the file already (304)
}

// Peer is what Asterisk sees of an endpoint.
type Peer struct {
	PBX             string // the Asterisk that has it, where there are several
	Endpoint        string
	Registered      bool
	RegisteredSince time.Time     // zero: not known
	RegisteredAt    time.Time     // the last REGISTER; zero: not known
	Contact         string        // URI; empty: none
	Address         string        // host of the contact
	RoundTrip       time.Duration // negative: not measured
	UserAgent       string
	Detail          string // Asterisk's own word for its state
}
