package provision

import (
	"iter"
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// ConfigFiles are the files of Asterisk's configuration that Build reads, besides those that SorceryFile names (see
// Config.Files). Any of them may be missing. Build reads only one of the two users files (see UsersFile). It reads
// GlobalsFile for its section [globals] only, and ODBCFile for the variables that its functions use.
var ConfigFiles = [...]string{"phoneprov.conf", usersFile, newUsersFile, SorceryFile, ExtConfigFile, PJSIPFile, WizardFile, GlobalsFile, ODBCFile}

// The files of PJSIP: the objects, unless SorceryFile names another file, and the sections of the wizard.
const (
	PJSIPFile  = "pjsip.conf"
	WizardFile = "pjsip_wizard.conf"
)

// SorceryFile says which files have PJSIP's objects and the phoneprov sections. ExtConfigFile says which files are in a
// database. Asterisk follows it when it answers over AMI, so the Config has it only if the files were read from the
// disk.
const (
	SorceryFile   = "sorcery.conf"
	ExtConfigFile = "extconfig.conf"
)

// GlobalsFile has the dialplan with its global variables, which templates see too. An error in it must not stop the
// provisioning of phones: whoever cannot read it puts a File with a Warning in its place.
const (
	GlobalsFile     = "extensions.conf"
	GlobalsCategory = "globals"
)

// Config is Asterisk's configuration by file name. A missing file has no entry.
type Config map[string]*astconf.File

// Files returns the names of all files that Build reads: first ConfigFiles, then those that SorceryFile names. It looks
// up the latter after it has returned the former, so a caller may read the files into c while it ranges.
func (c Config) Files() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range ConfigFiles {
			if !yield(name) {
				return
			}
		}
		for _, name := range mappedFiles(c) {
			if !yield(name) {
				return
			}
		}
	}
}

// The users files of Asterisk.
const (
	usersFile    = "users.conf"
	newUsersFile = "phoneprov_users.conf"

	// newUsersMajor is the first version of Asterisk that reads newUsersFile, and no other.
	newUsersMajor = 23
)

// UsersFiles are both users files, the older one first.
var UsersFiles = [...]string{usersFile, newUsersFile}

// UsersFile returns the file that Asterisk of a major version reads its users from. It is empty for version 0, which is
// an unknown version: then it is the new file if there is one, else the old one.
func UsersFile(major int) string {
	switch {
	case major == 0:
		return ""
	case major < newUsersMajor:
		return usersFile
	}
	return newUsersFile
}

// Endpoint is a PJSIP endpoint in the running Asterisk, whether it comes from pjsip.conf, the wizard or realtime.
type Endpoint struct {
	ID          string
	CallerID    string // "Name" <number>, as configured
	TransportID string
	Bind        string // the address its transport listens on, "0.0.0.0:5060"; empty: not known
	Protocol    string // of its transport: udp, tcp, tls, ws or wss; empty: not known
	AuthID      string // its first inbound auth
	Username    string
	Password    Secret
	Options     *Options // for PP_ENDPOINT; nil: not known
}

// Live is the state of the endpoints in the running Asterisk.
type Live struct {
	Endpoints map[string]Endpoint // by ID: those that Endpoints names and Asterisk has
}

// Input is everything that Build reads.
type Input struct {
	// PBX is the name of the Asterisk, for PP_PBX. It may be empty.
	PBX    string
	Config Config
	// Major is the major version of Asterisk; 0: not known.
	Major int
	// Live is nil without AMI. Then Build takes endpoints from pjsip.conf and pjsip_wizard.conf.
	Live *Live
	// Interfaces returns the address of a network interface, for serveriface. If nil, no interface is known.
	Interfaces func(name string) (netip.Addr, error)
	// Ask asks Asterisk for the functions in file names. If nil, Asterisk cannot be asked.
	Ask dialplan.Asker
	// Zone is the server's time zone, for users without a timezone. If nil, it is UTC.
	Zone *time.Location
}
