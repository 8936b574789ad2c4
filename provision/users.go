package provision

import (
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// userOptions are the options of a section of the users file and the variables that they become.
var userOptions = [...]struct{ option, variable string }{
	{"fullname", "DISPLAY_NAME"},
	{"secret", "SECRET"},
	{"label", "LABEL"},
	{"cid_number", "CALLERID"},
	{"timezone", "TIMEZONE"},
	{"linekeys", "LINEKEYS"},
	{"vmexten", "VOICEMAIL_EXTEN"},
	{"localextenlength", "EXTENSION_LENGTH"},
}

// userDefaults are the options of the users file's [general] that its sections inherit.
var userDefaults = [...]struct{ option, variable string }{
	{"vmexten", "VOICEMAIL_EXTEN"},
	{"localextenlength", "EXTENSION_LENGTH"},
}

// usersFile is the users file that counts; nil: there is none. The other one is told to be left out.
func (b *builder) usersFile() *astconf.File {
	name := UsersFile(b.in.Major)
	if name == "" {
		if name = newUsersFile; b.in.Config[name] == nil {
			name = usersFile
		}
	}
	other := usersFile
	if name == usersFile {
		other = newUsersFile
	}
	if b.in.Config[other] != nil {
		if b.in.Major == 0 {
			b.diags.add(Warning, astconf.Pos{File: other}, "this file is left out, as there is %s, the users file of asterisk %d and later: "+
				"remove the one that your asterisk does not read", name, newUsersMajor)
		} else {
			b.diags.add(Warning, astconf.Pos{File: other}, "this file is left out: asterisk %d reads its users from %s only", b.in.Major, name)
		}
	}
	return b.in.Config[name]
}

// readUsers reads the phones of a users file: its sections with autoprov and a macaddress.
func (b *builder) readUsers(f *astconf.File) {
	defaults := f.Category("general")
	inherited, kept := slices.Collect(defaults.Vars()), copyCategory(defaults)
	for i, c := range categories(f) {
		giveWay(i)
		b.vars = slices.AppendSeq(b.vars[:0], c.Vars())
		if autoprov, _ := last(b.vars, "autoprov"); c.Name == "general" || !isTrue(autoprov.Value) {
			continue
		}
		mac, ok := last(b.vars, "macaddress")
		if !ok || mac.Value == "" {
			b.diags.add(Warning, c.Pos, "[%s]: autoprov without a macaddress: no phone gets it", c.Name)
			continue
		}
		d := b.userVars(c, mac, inherited)
		profile, ok := last(b.vars, "profile")
		if !ok {
			profile = b.general.profile
		}
		d.bindVar("PROFILE", profile)
		b.draft = d
		l := b.pack.line(c.Name, c.Pos, b.vars, d, kept)
		b.addLine(UsersProvider, l, mac, profile)
	}
}

// userVars gives a section's variables. Of an option that stands twice the last counts, as for the PBX itself: so the
// section's own wins over the one it inherits.
func (b *builder) userVars(c *astconf.Category, mac astconf.Var, defaults []astconf.Var) draft {
	d := b.draft[:0]
	d.bindVar("MAC", mac)
	if v, ok := last(b.vars, "username"); ok && v.Value != "" {
		d.bindVar("USERNAME", v)
	} else {
		d.bind("USERNAME", c.Name, fromSection)
	}
	if v, ok := last(b.vars, "linenumber"); ok && v.Value != "" {
		d.bindVar("LINE", v)
	}
	for _, o := range userOptions {
		if v, ok := last(b.vars, o.option); ok {
			d.bindVar(o.variable, v)
		}
	}
	for _, o := range userDefaults {
		if v, ok := last(defaults, o.option); ok {
			d.bindVar(o.variable, v)
		}
	}
	if b.general.server.Value != "" {
		d.bindVar("SERVER", b.general.server)
	}
	if b.general.port.Value != "" {
		d.bindVar("SERVER_PORT", b.general.port)
	}
	d.bindDefaults()
	return d
}

// last is astconf.Category.Last, of variables that were taken out of a category.
func last(vars []astconf.Var, name string) (astconf.Var, bool) {
	for i := len(vars) - 1; i >= 0; i-- {
		if strings.EqualFold(vars[i].Name, name) {
			return vars[i], true
		}
	}
	return astconf.Var{}, false
}

// bindDefaults gives what every line has.
func (d *draft) bindDefaults() {
	d.bind("LINE", "1", fromDefault)
	d.bind("LINEKEYS", "1", fromDefault)
	d.bind("SERVER_PORT", defaultPort, fromDefault)
}

// defaultPort is SIP's (RFC 3261, 19.1.2).
const defaultPort = "5060"
