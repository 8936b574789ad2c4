package provision

import (
	"iter"
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// ConfigFiles are the files of Asterisk's configuration that a snapshot is built from, besides those that SorceryFile
// names: see Config.Files. Any of them may be missing. Of the two users files one counts: see UsersFile. GlobalsFile is read
// for its section [globals] only, ODBCFile for the variables that its functions use.
var ConfigFiles = [...]string{"phoneprov.conf", usersFile, newUsersFile, SorceryFile, ExtConfigFile, "pjsip.conf", "pjsip_wizard.conf", GlobalsFile, ODBCFile}

// SorceryFile says in which files PJSIP's objects and the phoneprov sections are. ExtConfigFile says which files are in a
// database: Asterisk itself follows it in what it answers, so it is for those who read the files from the disk, and is
// absent otherwise.
const (
	SorceryFile   = "sorcery.conf"
	ExtConfigFile = "extconfig.conf"
)

// GlobalsFile holds the dialplan, and the global variables that templates see too. A fault in it is none of the phones':
// who cannot read it gives a File with a Warning in its place.
const (
	GlobalsFile     = "extensions.conf"
	GlobalsCategory = "globals"
)

// Config is Asterisk's configuration, by the names of its files; a name that is absent is a missing file.
type Config map[string]*astconf.File

// Files are the names of all files that a snapshot is built from: ConfigFiles, then those that SorceryFile names. It may be
// used to read them, as the names of the second kind are looked up when those of the first have been told.
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

// UsersFiles are both, the older one first.
var UsersFiles = [...]string{usersFile, newUsersFile}

// UsersFile is the file that Asterisk of a major version reads its users from; empty where the version is 0, not known: then
// it is the new one where that is there, else the old one.
func UsersFile(major int) string {
	switch {
	case major == 0:
		return ""
	case major < newUsersMajor:
		return usersFile
	}
	return newUsersFile
}

// Endpoint is a PJSIP endpoint as the running Asterisk has it, whether from pjsip.conf, the wizard or realtime.
type Endpoint struct {
	ID          string
	CallerID    string // "Name" <number>, as configured
	TransportID string
	Bind        string // the address its transport listens on, "0.0.0.0:5060"; empty: not known
	Protocol    string // of its transport: udp, tcp, tls, ws or wss; empty: not known
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
	// Major is the major version of the Asterisk that the configuration is of; 0: not known.
	Major int
	// Live is nil where there is no AMI: endpoints are then taken from pjsip.conf and pjsip_wizard.conf.
	Live *Live
	// Interfaces finds the address of a network interface, for serveriface. Nil: none is known.
	Interfaces func(name string) (netip.Addr, error)
	// Ask asks Asterisk for the functions that a file name may use. Nil: it cannot be asked.
	Ask dialplan.Asker
	// Zone is the server's time zone, for users without a timezone. Nil: UTC.
	Zone *time.Location
}
