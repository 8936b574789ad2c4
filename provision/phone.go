package provision

import (
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// The providers of phones, by the names that Asterisk gives them.
const (
	UsersProvider = "sipusers"                     // the users file
	PJSIPProvider = "res_pjsip_phoneprov_provider" // type=phoneprov
)

// Phone is one device: the lines of one provider that share a MAC.
type Phone struct {
	MAC      MAC    // zero where the configuration's is none, see ID
	ID       string // MAC.String(), or what stands for a MAC in the configuration
	Provider string
	Profile  *Profile // of the first of its sections
	Lines    []*Line  // by line number, at least one
	first    *Line    // in the configuration: the names of its files are expanded with its variables, as in Asterisk
	routes   []*Route
	print    uint64 // what its files depend on, see fingerprint
}

// Name is the USERNAME of the phone's lowest line: what its owner calls it.
func (p *Phone) Name() string {
	v, _ := p.Lines[0].own("USERNAME")
	return v.value
}

// Line is one account of a phone.
type Line struct {
	Section string // of the configuration that it comes from
	number  int
	pos     astconf.Pos
	zone    *time.Location
	vars    []binding

	// For PP_USER: the section, and [general] of its file where that counts for it.
	section, general *astconf.Category
	endpoint         *Options // for PP_ENDPOINT; nil: the line has no endpoint
}

// binding is a variable of a line. The first of a name counts.
type binding struct {
	name, value string
	from        string // a file's name, or what else it comes from
	line        int32  // in the file; 0: not known, or from is no file
}

// own finds a variable that the line's section, its endpoint or the defaults give.
func (l *Line) own(name string) (binding, bool) {
	for i := range l.vars { // by its place: to copy each costs more than to compare it
		if l.vars[i].name == name {
			return l.vars[i], true
		}
	}
	return binding{}, false
}

// bind adds a variable unless there is one of that name.
func (l *Line) bind(name, value, from string, line int) {
	if _, ok := l.own(name); !ok {
		l.vars = append(l.vars, binding{name, value, from, int32(line)})
	}
}

// bindVar adds a variable from an option of a file.
func (l *Line) bindVar(name string, v astconf.Var) {
	l.bind(name, v.Value, v.Pos.File, v.Pos.Line)
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
