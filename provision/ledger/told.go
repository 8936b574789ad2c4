package ledger

import (
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Answer is a request of the phones' listeners and how it was answered, as httpapi tells of it.
type Answer struct {
	At     time.Time // when it came
	Took   time.Duration
	Method string
	File   string // as it was asked for, decoded, without the prefix
	Status int
	Bytes  int64

	Addr    netip.Addr        // the phone's; the zero Addr: not known
	TLS     string            // the version, "1.3"; empty: plain, or a proxy's
	Asked   provision.Request // the facts of the request that a file is made with
	MAC     device.MAC        // in the name, or of the phone; zero: none
	Route   *provision.Route  // that was found; nil: none, or it was not looked for
	Reason  string            // why it was given or refused
	Refused bool              // it was refused: for its address, its credentials, ...
	Err     string            // what went wrong; empty: nothing
	ETag    string            // of the document, as in the header; empty: none was made
	Basis   provision.Basis
	Whole   bool // the phone read the answer to its end, or has the file already (304)
}

// Peer is what Asterisk sees of an endpoint.
type Peer struct {
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
