package provision

import (
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// userOptions are the options of a section of the users file and the variables that they set.
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

// userDefaults are the options of [general] that the sections of the users file inherit.
var userDefaults = [...]struct{ option, variable string }{
	{"vmexten", "VOICEMAIL_EXTEN"},
	{"localextenlength", "EXTENSION_LENGTH"},
}

// usersFile returns the users file to read, or nil. It reports the other one if it exists.
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

// readUsers reads the phones of a users file: the sections with autoprov and a macaddress.
func (b *builder) readUsers(f *astconf.File) {
	defaults := f.Category("general")
	inherited, general := slices.Collect(defaults.Vars()), copyCategory(defaults)
	for i, c := range categories(f) {
		giveWay(i)
		b.vars = slices.AppendSeq(b.vars[:0], c.Vars())
		if autoprov, _ := last(b.vars, "autoprov"); c.Name == "general" || !isTrue(autoprov.Value) {
			continue
		}
		mac := lastIndex(b.vars, "macaddress")
		if mac < 0 || b.vars[mac].Value == "" {
			b.diags.add(Warning, c.Pos, "[%s]: autoprov without a macaddress: no phone gets it", c.Name)
			continue
		}
		d := b.userVars(c, mac, inherited)
		profile := b.general.profile
		if i := lastIndex(b.vars, "profile"); i >= 0 {
			profile = b.vars[i]
			d.bindOption("PROFILE", b.vars, i)
		} else {
			d.bindInherited("PROFILE", profile)
		}
		b.lineVars = d
		l := b.pack.line(c.Name, c.Pos, b.vars, d, general)
		b.addLine(UsersProvider, l, b.vars[mac], profile)
	}
}

// userVars returns the variables of a section. If an option stands twice, the last one counts, as in Asterisk. So the
// section's own wins over an inherited one.
func (b *builder) userVars(c *astconf.Category, mac int, defaults []astconf.Var) lineVars {
	d := b.lineVars[:0]
	d.bindOption("MAC", b.vars, mac)
	if i := lastIndex(b.vars, "username"); i >= 0 && b.vars[i].Value != "" {
		d.bindOption("USERNAME", b.vars, i)
	} else {
		d.bind("USERNAME", c.Name, fromSection)
	}
	if i := lastIndex(b.vars, "linenumber"); i >= 0 && b.vars[i].Value != "" {
		d.bindOption("LINE", b.vars, i)
	}
	for _, o := range userOptions {
		if i := lastIndex(b.vars, o.option); i >= 0 {
			d.bindOption(o.variable, b.vars, i)
		}
	}
	for _, o := range userDefaults {
		if v, ok := last(defaults, o.option); ok {
			d.bindInherited(o.variable, v)
		}
	}
	if b.general.server.Value != "" {
		d.bindInherited("SERVER", b.general.server)
	}
	if b.general.port.Value != "" {
		d.bindInherited("SERVER_PORT", b.general.port)
	}
	d.bindDefaults()
	return d
}

// last is astconf.Category.Last for variables that were copied from a category.
func last(vars []astconf.Var, name string) (astconf.Var, bool) {
	if i := lastIndex(vars, name); i >= 0 {
		return vars[i], true
	}
	return astconf.Var{}, false
}

// lastIndex is the index of the last variable of a name in any case; -1: there is none.
func lastIndex(vars []astconf.Var, name string) int {
	for i := len(vars) - 1; i >= 0; i-- {
		if strings.EqualFold(vars[i].Name, name) {
			return i
		}
	}
	return -1
}

// bindDefaults adds the variables that every line has.
func (d *lineVars) bindDefaults() {
	d.bind("LINE", "1", fromDefault)
	d.bind("LINEKEYS", "1", fromDefault)
	d.bind("SERVER_PORT", defaultPort, fromDefault)
}

// defaultPort is SIP's port (RFC 3261, 19.1.2).
const defaultPort = "5060"
