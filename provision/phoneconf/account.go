package phoneconf

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// managerFile has the accounts of the manager interface. accountFile has phoneprov's account, where manager.conf
// includes that file.
const (
	managerFile = "manager.conf"
	accountFile = "manager.d/phoneprov.conf"
)

// Account is an account of the manager interface.
type Account struct {
	Address string // host:port of the manager interface
	Secret  provision.Secret
	Pos     astconf.Pos // position of the section; its line is 0 if AddAccount adds the section
}

// AddAccount enables the manager interface on loopback, if it is not enabled, and adds an account with the least rights
// that phoneprov needs. An existing account stays as it is, and AddAccount returns its secret. A new account gets
// secret. The error says why the account cannot be added.
func (t *Tree) AddAccount(user string, secret provision.Secret) (*Account, error) {
	file, err := t.Load(managerFile)
	if err != nil {
		return nil, err
	}
	config := provision.Config{}
	if file != nil {
		config[managerFile] = file
	}
	before := sections(config)
	general := file.Category("general")
	host, err := t.enableManager(general)
	if err != nil {
		return nil, err
	}
	port, _ := general.Last("port")
	if port.Value == "" {
		port.Value = "5038"
	}
	a := &Account{Address: net.JoinHostPort(host, port.Value), Secret: secret}
	if have := file.Category(user); have != nil {
		s, _ := have.Last("secret")
		if s.Value == "" {
			return nil, fmt.Errorf("%s: [%s] has no secret: give it one", have.Pos, user)
		}
		a.Secret, a.Pos = provision.Secret(s.Value), have.Pos
		return a, nil
	}
	if file, ok := file.Template(user); ok {
		return nil, fmt.Errorf("%s: [%s] is a template: ami.username must be another one", file, user)
	}
	if a.Pos.File, err = t.addAccount(user, render(user, accountOptions(secret, host), style{})); err != nil {
		return nil, err
	}
	after, err := t.Load(managerFile)
	if err != nil {
		return nil, fmt.Errorf("with the account asterisk could not read %s: %w: nothing was written", managerFile, err)
	}
	changed := func(s section) bool { return s.name == "general" || s.name == user }
	now := slices.DeleteFunc(sections(provision.Config{managerFile: after}), changed)
	if wrong, ok := verify(slices.DeleteFunc(before, changed), now, nil, nil); !ok || after.Category(user) == nil {
		return nil, fmt.Errorf("[%s] at the end of %s would change what [%s] is to asterisk, or asterisk would not read it: nothing was written; add the account by hand", user, a.Pos.File, wrong.name)
	}
	return a, nil
}

// accountOptions returns the options of an account with the least rights. amisync.neededRights lists these rights.
func accountOptions(secret provision.Secret, host string) []option {
	mask := "255.255.255.255"
	if strings.Contains(host, ":") {
		mask = "128"
	}
	return []option{
		{"secret", secret.Reveal()},
		{"deny", "0.0.0.0/0.0.0.0"},
		{"permit", host + "/" + mask},
		{"read", "system,call"},
		{"write", "system,reporting"},
	}
}

// enableManager edits [general] of manager.conf, and returns the address at which this machine reaches the interface.
func (t *Tree) enableManager(general *astconf.Category) (host string, err error) {
	const loopback = "127.0.0.1"
	enabled, _ := general.Last("enabled")
	bind, _ := general.Last("bindaddr")
	if yes(enabled.Value) {
		host = bind.Value
		if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
			host = loopback
		}
		return host, nil
	}
	if general == nil {
		path := t.path(managerFile)
		text, err := t.text(path)
		t.Edit(path, "[general]\nenabled = yes\nport = 5038\nbindaddr = "+loopback+"\n"+separate(text))
		return loopback, err
	}
	set := func(v astconf.Var, there bool, name, value string) {
		if err == nil && there == (v.Name != "") {
			err = t.setOption(general, v, name, value)
		}
	}
	for _, there := range [...]bool{true, false} { // replace lines first: an added line moves the lines below it
		set(enabled, there, "enabled", "yes")
		set(bind, there, "bindaddr", loopback)
	}
	return loopback, err
}

func separate(text string) string {
	if text == "" {
		return ""
	}
	return "\n" + text
}

// setOption sets an option of a section. It replaces the line of v. If v is empty, it adds a line after the line of the
// section's name.
func (t *Tree) setOption(c *astconf.Category, v astconf.Var, name, value string) error {
	at, add := v.Pos, false
	if v.Name == "" {
		at, add = c.Pos, true
	}
	path := t.path(at.File)
	text, err := t.text(path)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(text, "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return fmt.Errorf("%s: the file has changed meanwhile", at)
	}
	line := name + " = " + value + "\n"
	if add {
		lines = slices.Insert(lines, at.Line, line)
	} else {
		if i := strings.IndexByte(lines[at.Line-1], ';'); i >= 0 { // the comment stays
			line = strings.TrimSuffix(line, "\n") + " " + strings.TrimRight(lines[at.Line-1][i:], "\n") + "\n"
		}
		lines[at.Line-1] = line
	}
	t.Edit(path, strings.Join(lines, ""))
	return nil
}

// addAccount adds the section of an account and returns the file's name. The file is accountFile if manager.conf
// includes it and it is empty or missing. Otherwise the file is manager.conf.
func (t *Tree) addAccount(user, text string) (file string, err error) {
	own := t.path(accountFile)
	if have, err := t.text(own); err == nil && have == "" {
		t.Edit(own, text)
		if with, err := t.Load(managerFile); err == nil && with.Category(user) != nil {
			return accountFile, nil
		}
		delete(t.edits, own)
	}
	path := t.path(managerFile)
	have, err := t.text(path)
	if have != "" && !strings.HasSuffix(have, "\n") {
		have += "\n"
	}
	t.Edit(path, have+"\n"+text)
	return managerFile, err
}

// AddTransport adds a UDP transport to pjsip.conf. It adds none if PJSIP has a transport, or if chan_sip uses the port.
func (t *Tree) AddTransport() error {
	e, err := t.Existing()
	if err != nil {
		return err
	}
	if len(provision.PJSIPSections(e.config, "transport")) > 0 || e.Provider() == provision.UsersProvider && e.userPeers() {
		return nil
	}
	path := t.path(provision.PJSIPFile)
	have, err := t.text(path)
	if err != nil {
		return err
	}
	if have != "" && !strings.HasSuffix(have, "\n") {
		have += "\n"
	}
	t.Edit(path, have+separate(render("transport-udp", []option{{"type", "transport"}, {"protocol", "udp"}, {"bind", "0.0.0.0"}}, style{})))
	after, err := t.config()
	if err != nil {
		return err
	}
	if wrong, ok := verify(sections(e.config), sections(after), sectionsNamed(after, "transport-udp"), nil); !ok {
		return fmt.Errorf("a transport at the end of pjsip.conf would change what [%s] of %s is to asterisk: nothing was written; add one by hand", wrong.name, wrong.file)
	}
	return nil
}

// sectionsNamed returns the last section in pjsip.conf that has a name, or nil if there is none.
func sectionsNamed(config provision.Config, name string) []section {
	all := sections(provision.Config{provision.PJSIPFile: config[provision.PJSIPFile]})
	for _, s := range slices.Backward(all) {
		if s.name == name {
			return []section{s}
		}
	}
	return nil
}
