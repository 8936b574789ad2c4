package provision

import (
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// ConfigFiles are the files of Asterisk's configuration that a snapshot is built from. Any of them may be missing.
// Asterisk up to 22 reads its users from users.conf, from 23 on from phoneprov_users.conf; both are read here.
// GlobalsFile is read for its section [globals] only, ODBCFile for the variables that its functions use.
var ConfigFiles = [...]string{"phoneprov.conf", "users.conf", "phoneprov_users.conf", "pjsip.conf", "pjsip_wizard.conf", GlobalsFile, ODBCFile}

// GlobalsFile holds the dialplan, and the global variables that templates see too. A fault in it is none of the phones':
// who cannot read it gives a File with a Warning in its place.
const (
	GlobalsFile     = "extensions.conf"
	GlobalsCategory = "globals"
)

// Config is Asterisk's configuration, by the names of ConfigFiles; a name that is absent is a missing file.
type Config map[string]*astconf.File

// Endpoint is a PJSIP endpoint as the running Asterisk has it, whether from pjsip.conf, the wizard or realtime.
type Endpoint struct {
	ID          string
	CallerID    string // "Name" <number>, as configured
	TransportID string
	Bind        string // the address its transport listens on, "0.0.0.0:5060"; empty: not known
	AuthID      string // its first inbound auth
	Username    string
	Password    Secret
	Options     *Options // all of its options, for PP_ENDPOINT; nil: not known
}

// Live is what the running Asterisk says of its endpoints.
type Live struct {
	Endpoints map[string]Endpoint // by ID; those that Endpoints named and Asterisk knows
}

// Input is everything that Build reads.
type Input struct {
	Config Config
	// Live is nil where there is no AMI: endpoints are then taken from pjsip.conf and pjsip_wizard.conf.
	Live *Live
	// Interfaces finds the address of a network interface, for serveriface. Nil: none is known.
	Interfaces func(name string) (netip.Addr, error)
	// Ask asks Asterisk for the functions that a file name may use. Nil: it cannot be asked.
	Ask dialplan.Asker
	// Zone is the server's time zone, for users without a timezone. Nil: UTC.
	Zone *time.Location
}
