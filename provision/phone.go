package provision

import "github.com/phoneprov/phoneprov/provision/device"

// The providers of phones, with Asterisk's names.
const (
	UsersProvider = "sipusers"                     // the users file
	PJSIPProvider = "res_pjsip_phoneprov_provider" // type=phoneprov
)

// Phone is one device: the lines of one provider that share a MAC.
type Phone struct {
	MAC      device.MAC // zero: the configuration has no MAC, see ID
	ID       string     // MAC.String(), or the text in the configuration that is no MAC
	Provider string
	Profile  *Profile // of the phone's first section
	Lines    []*Line  // by line number, at least one
	first    *Line    // the first line in the configuration; its variables expand the names of the phone's files, as in Asterisk
	routes   routeRange
	print    uint64 // fingerprint of what the phone's files depend on
}

// Name returns the USERNAME of the phone's lowest line, which its owner knows it by.
func (p *Phone) Name() string {
	v, _ := p.Lines[0].own("USERNAME")
	return v.value
}

// Origins of values that are in no file.
const (
	fromDefault  = "default"
	fromEndpoint = "endpoint"
	fromSection  = "section name"
	fromPhone    = "phone"
	fromZone     = "time zone"
	fromRequest  = "request"
	fromPBX      = "phoneprov.ini"
)
