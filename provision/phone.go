package provision

import "github.com/phoneprov/phoneprov/provision/device"

// The providers of phones, by the names that Asterisk gives them.
const (
	UsersProvider = "sipusers"                     // the users file
	PJSIPProvider = "res_pjsip_phoneprov_provider" // type=phoneprov
)

// Phone is one device: the lines of one provider that share a MAC.
type Phone struct {
	MAC      device.MAC // zero where the configuration's is none, see ID
	ID       string     // MAC.String(), or what stands for a MAC in the configuration
	Provider string
	Profile  *Profile // of the first of its sections
	Lines    []*Line  // by line number, at least one
	first    *Line    // in the configuration: the names of its files are expanded with its variables, as in Asterisk
	routes   span
	print    uint64 // what its files depend on, see fingerprint
}

// Name is the USERNAME of the phone's lowest line: what its owner calls it.
func (p *Phone) Name() string {
	v, _ := p.Lines[0].own("USERNAME")
	return v.value
}

// Where a value comes from that is in no file.
const (
	fromDefault  = "default"
	fromEndpoint = "endpoint"
	fromSection  = "section name"
	fromPhone    = "phone"
	fromZone     = "time zone"
	fromRequest  = "request"
)
